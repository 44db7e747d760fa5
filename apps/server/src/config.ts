import { availableParallelism } from "node:os";
import type { Option } from "commander";
import {
  databaseUrl,
  flag,
  httpUrl,
  oneOf,
  onOff,
  secretValue,
  text,
  trustedProxies,
  value,
  whole,
  type Setting,
} from "./setting.ts";

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
const GUARD_LEVELS = ["off", "warn", "reject"] as const;
const ROLES = ["api", "worker", "all"] as const;

/** Every option there is. Each is used by one or more commands and documented in docs/cli.md. */
export const settings = {
  port: value(
    "--port <number>",
    "PROSOPON_PORT",
    "port to listen on; 0 takes a free one",
    whole(0, 65_535),
    4000,
  ),
  host: value(
    "--host <address>",
    "PROSOPON_HOST",
    "address to listen on; 0.0.0.0 for every network",
    text,
    "127.0.0.1",
  ),
  trustedProxies: value(
    "--trusted-proxies <list>",
    "PROSOPON_TRUSTED_PROXIES",
    "proxies whose X-Forwarded-For is trusted: how many in a row, or their addresses and networks; none when not set",
    trustedProxies,
  ),
  connectionsPerAddress: value(
    "--connections-per-address <number>",
    "PROSOPON_CONNECTIONS_PER_ADDRESS",
    "connections that one address may have open, WebSockets included; more are refused with 429",
    whole(1, 1_000_000),
    1_000,
  ),
  data: value("--data <dir>", "PROSOPON_DATA", "data directory, created when missing", text, "./.prosopon"),
  role: value(
    "--role <api|worker|all>",
    "PROSOPON_ROLE",
    "what this node does: api answers and enqueues, worker does the jobs, all does both",
    oneOf(ROLES),
    "all",
  ),
  databaseUrl: secretValue(
    "--database-url <url>",
    "PROSOPON_DATABASE_URL",
    "PostgreSQL, as postgres://user:password@host:5432/name; without it everything is in the data directory",
    databaseUrl,
  ),
  databaseDirectUrl: secretValue(
    "--database-direct-url <url>",
    "PROSOPON_DATABASE_DIRECT_URL",
    "direct address of PostgreSQL, where the other one leads through a pooler such as PgBouncer",
    databaseUrl,
  ),
  databaseConnections: value(
    "--database-connections <number>",
    "PROSOPON_DATABASE_CONNECTIONS",
    "most connections to PostgreSQL, besides the one that listens",
    whole(2, 1_000),
    10,
  ),
  galleryFaces: value(
    "--gallery-faces <number>",
    "PROSOPON_GALLERY_FACES",
    "faces held in memory for search, about 150 bytes each; accounts beyond that are searched in PostgreSQL",
    whole(0, 1_000_000_000),
    2_000_000,
  ),
  blobs: value(
    "--blobs <place>",
    "PROSOPON_BLOBS",
    "where pending images are kept: a directory, or s3://bucket or s3://bucket/prefix",
    text,
  ),
  from: value("--from <dir>", "PROSOPON_DATA", "data directory to move; no server may use it", text),
  to: secretValue(
    "--to <url>",
    "PROSOPON_DATABASE_URL",
    "PostgreSQL to move it to, as postgres://user:password@host:5432/name",
    databaseUrl,
  ),
  drainSeconds: value(
    "--drain-seconds <number>",
    "PROSOPON_DRAIN_SECONDS",
    "after SIGTERM, keep serving for this long while /readyz answers 503, then stop",
    whole(0, 3_600),
    0,
  ),
  demo: flag(
    "--demo",
    "PROSOPON_DEMO",
    "keep a demo account that the playground on this machine signs in to with one click",
  ),
  clientId: value("--client-id <id>", "PROSOPON_CLIENT_ID", "client id of the account", text),
  secretId: secretValue(
    "--secret-id <secret>",
    "PROSOPON_SECRET_ID",
    "its secret; prefer the variable, flags show in process lists",
    text,
  ),
  threads: value(
    "--threads <number>",
    "PROSOPON_THREADS",
    "worker threads that run recognition",
    whole(1, 64),
    Math.min(availableParallelism(), 4),
    "number of cores, at most 4",
  ),
  maxPixels: value(
    "--max-pixels <number>",
    "PROSOPON_MAX_PIXELS",
    "refuse JPEGs with more pixels, before decoding; PNGs with more than 100,000,000 in any case",
    whole(10_000, 1_000_000_000),
    250_000_000,
  ),
  decodeMemory: value(
    "--decode-memory <megabytes>",
    "PROSOPON_DECODE_MEMORY",
    "memory that decoding may use in all threads together; images wait for it, and one that needs more on its own is refused",
    whole(64, 65_536),
    128,
  ),
  unfinishedJobs: value(
    "--unfinished-jobs <number>",
    "PROSOPON_UNFINISHED_JOBS",
    "jobs of one account that may be waiting or running; more are refused with 429",
    whole(1, 1_000_000),
    10_000,
  ),
  pendingBytes: value(
    "--pending-bytes <number>",
    "PROSOPON_PENDING_BYTES",
    "bytes of images that the jobs and uploads of one account may keep; more are refused with 429",
    whole(1_000_000, Number.MAX_SAFE_INTEGER),
    20_000_000_000,
  ),
  minFreeSpace: value(
    "--min-free-space <bytes>",
    "PROSOPON_MIN_FREE_SPACE",
    "bytes to keep free on the disks of the data and of the images: below that, requests that add data are refused with 503",
    whole(0, Number.MAX_SAFE_INTEGER),
  ),
  uploadsAtOnce: value(
    "--uploads-at-once <number>",
    "PROSOPON_UPLOADS_AT_ONCE",
    "requests with images that one account may send at once; more are refused with 429",
    whole(1, 10_000),
    100,
  ),
  maxIdentities: value(
    "--max-identities <number>",
    "PROSOPON_MAX_IDENTITIES",
    "identities of one account; an enrolment beyond that is refused with 429, or fails",
    whole(1, Number.MAX_SAFE_INTEGER),
    Infinity,
    "as many as there is room for",
  ),
  maxFaces: value(
    "--max-faces <number>",
    "PROSOPON_MAX_FACES",
    "enrolled faces of one account; likewise",
    whole(1, Number.MAX_SAFE_INTEGER),
    Infinity,
    "as many as there is room for",
  ),
  logLevel: value(
    "--log-level <level>",
    "PROSOPON_LOG_LEVEL",
    "least severe level to log on stderr",
    oneOf(LOG_LEVELS),
    process.stderr.isTTY ? "warn" : "info",
    "info; warn where stderr is a terminal",
  ),
  check: flag(
    "--check",
    "PROSOPON_CHECK",
    "change nothing; list what is pending, and exit with 1 if something is",
  ),
  dryRun: flag("--dry-run", "PROSOPON_DRY_RUN", "change nothing; print what would be done"),
  atOnce: flag(
    "--at-once",
    "PROSOPON_AT_ONCE",
    "forget the earlier keys too, e.g. because one has leaked: everybody must log in again",
  ),
  json: flag("--json", "PROSOPON_JSON", "answer in JSON, for scripts"),
  keepCrops: value(
    "--keep-crops <on|off>",
    "PROSOPON_KEEP_CROPS",
    "keep a 160 px crop of every face that is enrolled from now on",
    onOff,
  ),
  guardQuality: value(
    "--guard-quality <level>",
    "PROSOPON_GUARD_QUALITY",
    "what a poor photo does to an enrolment: off, warn (in the job) or reject (the job fails)",
    oneOf(GUARD_LEVELS),
  ),
  guardMixed: value(
    "--guard-mixed <level>",
    "PROSOPON_GUARD_MIXED",
    "the same for photos of one enrolment that seem to show different people",
    oneOf(GUARD_LEVELS),
  ),
  guardWrongPerson: value(
    "--guard-wrong-person <level>",
    "PROSOPON_GUARD_WRONG_PERSON",
    "the same for an added photo that is unlike those of its identity",
    oneOf(GUARD_LEVELS),
  ),
  guardDuplicate: value(
    "--guard-duplicate <level>",
    "PROSOPON_GUARD_DUPLICATE",
    "the same for a person who is enrolled in the collection already",
    oneOf(GUARD_LEVELS),
  ),
  url: secretValue("--url <address>", "PROSOPON_URL", "server to talk to", httpUrl, "http://127.0.0.1:4000"),
  embedded: flag(
    "--embedded",
    "PROSOPON_EMBEDDED",
    "work on the data directory in this process, without a server",
  ),
  timeout: value(
    "--timeout <seconds>",
    "PROSOPON_TIMEOUT",
    "longest wait for one job",
    whole(1, 86_400),
    300,
  ),
  concurrency: value(
    "--concurrency <number>",
    "PROSOPON_CONCURRENCY",
    "people processed at the same time",
    whole(1, 64),
    4,
  ),
  state: value(
    "--state <dir>",
    "PROSOPON_STATE",
    "where the journal of earlier runs is kept; XDG_STATE_HOME/prosopon or ~/.local/state/prosopon when not set, ./.prosopon-state without a home directory",
    text,
  ),
  collection: value(
    "--collection <name>",
    "PROSOPON_COLLECTION",
    "name or id of the collection; `default` when not set",
    text,
  ),
  identity: value("--identity <id>", "PROSOPON_IDENTITY", "identity to compare with", text),
  externalId: value(
    "--external-id <id>",
    "PROSOPON_EXTERNAL_ID",
    "the same, by your own key for the person",
    text,
  ),
  dead: flag("--dead", "PROSOPON_DEAD", "only abandoned jobs: crashes or errors used up their tries"),
  all: flag("--all", "PROSOPON_ALL", "every abandoned job that can still be retried"),
  maxResult: value("--max-result <number>", "PROSOPON_MAX_RESULT", "most people to list", whole(1, 10), 10),
};

/** What has a variable but no flag, as it comes with credentials. */
export const variables = {
  s3Endpoint: {
    env: "PROSOPON_S3_ENDPOINT",
    description: "address of the object storage; AWS's own when not set",
  },
  s3Region: { env: "PROSOPON_S3_REGION", description: "its region; us-east-1 when not set" },
  s3AccessKeyId: { env: "PROSOPON_S3_ACCESS_KEY_ID", description: "key id for s3:// blobs" },
  s3SecretAccessKey: { env: "PROSOPON_S3_SECRET_ACCESS_KEY", description: "its secret" },
  s3SessionToken: {
    env: "PROSOPON_S3_SESSION_TOKEN",
    description: "the token that belongs to it, where the credentials are temporary",
  },
};

type Parsed<S> = S extends Setting<infer T> ? T : never;

/** Values of the named settings, as a command's action gets them. */
export type Values<K extends keyof typeof settings> = { [P in K]: Parsed<(typeof settings)[P]> };

/** Of a command that talks to a server, or works as one. */
export const connection = [
  "url",
  "clientId",
  "secretId",
  "embedded",
  "data",
  "threads",
  "maxPixels",
  "timeout",
] as const satisfies (keyof typeof settings)[];

export function options(...names: (keyof typeof settings)[]): Option[] {
  return names.map((name) => settings[name].option());
}

/** Where everything is kept: what each command takes that opens it. */
export const STORAGE_SETTINGS = [
  "data",
  "databaseUrl",
  "databaseDirectUrl",
  "databaseConnections",
  "galleryFaces",
  "blobs",
] as const;
