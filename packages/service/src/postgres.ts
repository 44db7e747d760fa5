export { examinePostgres, type PostgresExamination } from "./storage/postgres/examine.ts";
export { postgresSearchReport, type GallerySearch } from "./storage/postgres/matching/report.ts";
export { migratePostgres, postgresMigrations, type MigrationState } from "./storage/postgres/migrate.ts";
export { openPostgresStorage, type PostgresOptions } from "./storage/postgres/open.ts";
export type { Versions } from "./storage/postgres/requirements.ts";
