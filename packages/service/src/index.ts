export { rotateSigningKey } from "./auth/keys.ts";
export { createAccounts, type AccountView, type Accounts, type Credentials } from "./auth/accounts.ts";
export { nodeServerOptions } from "./adapters/node/options.ts";
export { refuseSocket } from "./adapters/node/refuse.ts";
export {
  attachWebSocket,
  createEventSockets,
  EVENTS_PATH,
  pathOf,
  type Sockets,
} from "./adapters/node/sockets.ts";
export { type Peer } from "./http/app.ts";
export { openLocalBlobs } from "./blobs/local.ts";
export { formatMark, guardPlace, parseMark, type PlaceMark } from "./blobs/place.ts";
export { openS3Blobs, type S3Credentials, type S3Options } from "./blobs/s3.ts";
export { BlobsAwayError, BlobTooLargeError, type BlobStore } from "./blobs/types.ts";
export { createSteadyClock, systemClock, type Clock } from "./clock.ts";
export { ensureDirectory, whyUnusable } from "./directory.ts";
export { openDatabaseClock, type DatabaseClock } from "./database-clock.ts";
export { type EventSocket, type SocketRequest } from "./http/event-socket.ts";
export { type Worker } from "./jobs/worker.ts";
export { defaultLimits, type Limits } from "./limits.ts";
export { CALIBRATION, LISTED_SCORE, RECOGNIZED_SCORE, scoreOf } from "./matching/match.ts";
export { createPlaces, type Places } from "./places.ts";
export { network } from "./auth/network.ts";
export { type Role } from "./role.ts";
export { createService, type Service, type ServiceOptions } from "./service.ts";
export { examinePostgres, type PostgresExamination } from "./storage/postgres/examine.ts";
export { migratePostgres, postgresMigrations, type MigrationState } from "./storage/postgres/migrate.ts";
export { type Versions } from "./storage/postgres/requirements.ts";
export { type AccountSearch, postgresSearchReport } from "./storage/postgres/matching/approximate/report.ts";
export { openPostgresStorage, type PostgresOptions } from "./storage/postgres/open.ts";
export { type SpaceOptions } from "./space.ts";
export { checkSqliteIntegrity } from "./storage/sqlite/integrity.ts";
export { openSqliteStorage } from "./storage/sqlite/open.ts";
export { StorageError, type Account, type AccountSettings, type Storage } from "./storage/types.ts";
export {
  transferToPostgres,
  type TransferOptions,
  type TransferProgress,
  type TransferReport,
  type TransferredTable,
} from "./storage/transfer/transfer.ts";
