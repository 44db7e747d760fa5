import { availableParallelism, homedir } from "node:os";
import { join } from "node:path";
import { InvalidArgumentError, Option } from "commander";
import * as v from "valibot";

/** One option of the command: a flag, its environment variable, and what makes a value good. */
interface Setting<T> {
  option(): Option;
  /** Never set; carries the type of a parsed value. */
  readonly value?: T;
}

const whole = (min: number, max: number) =>
  v.pipe(
    v.string(),
    v.regex(/^\d+$/, `It must be a whole number from ${min} to ${max}.`),
    v.transform(Number),
    v.minValue(min, `It must be at least ${min}.`),
    v.maxValue(max, `It must be at most ${max}.`),
  );

const url = v.pipe(
  v.string(),
  v.url("It must be an address such as http://127.0.0.1:4000."),
  v.regex(/^https?:/, "It must begin with http:// or https://."),
);

const onOff = v.pipe(
  v.picklist(["on", "off"], "It must be on or off."),
  v.transform((text) => text === "on"),
);

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
const logLevel = v.picklist(LOG_LEVELS, `It must be one of ${LOG_LEVELS.join(", ")}.`);

const text = v.string();

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
  data: value("--data <dir>", "PROSOPON_DATA", "data directory, made when missing", text, "./.prosopon"),
  demo: flag(
    "--demo",
    "PROSOPON_DEMO",
    "keep a demo account that the playground on this machine signs in to with one click",
  ),
  clientId: value("--client-id <id>", "PROSOPON_CLIENT_ID", "client id of the account", text),
  secretId: value(
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
    "refuse images of more pixels, before decoding",
    whole(10_000, 1_000_000_000),
    100_000_000,
  ),
  logLevel: value(
    "--log-level <level>",
    "PROSOPON_LOG_LEVEL",
    "least severe line of the log on stderr",
    logLevel,
    process.stderr.isTTY ? "warn" : "info",
    "info; warn where stderr is a terminal",
  ),
  json: flag("--json", "PROSOPON_JSON", "answer in JSON, for scripts"),
  keepCrops: value(
    "--keep-crops <on|off>",
    "PROSOPON_KEEP_CROPS",
    "keep a 160 px crop of every face that is enrolled from now on",
    onOff,
  ),
  refuseMixed: value(
    "--refuse-mixed <on|off>",
    "PROSOPON_REFUSE_MIXED",
    "fail an enrolment whose photos seem to show different people, instead of warning",
    onOff,
  ),
  url: value("--url <address>", "PROSOPON_URL", "server to talk to", url, "http://127.0.0.1:4000"),
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
    "people in hand at the same time",
    whole(1, 64),
    4,
  ),
  state: value(
    "--state <dir>",
    "PROSOPON_STATE",
    "where the journal of earlier runs is kept",
    text,
    stateDirectory(),
    "XDG_STATE_HOME/prosopon or ~/.local/state/prosopon",
  ),
  identity: value("--identity <id>", "PROSOPON_IDENTITY", "identity to compare with", text),
  externalId: value(
    "--external-id <id>",
    "PROSOPON_EXTERNAL_ID",
    "the same, by your own key for the person",
    text,
  ),
  maxResult: value("--max-result <number>", "PROSOPON_MAX_RESULT", "most people to list", whole(1, 10), 10),
};

type Parsed<S> = S extends Setting<infer T> ? T : never;

/** Values of the named settings, as a command's action gets them. */
export type Values<K extends keyof typeof settings> = { [P in K]: Parsed<(typeof settings)[P]> };

export function options(...names: (keyof typeof settings)[]): Option[] {
  return names.map((name) => settings[name].option());
}

function value<T>(
  flags: string,
  env: string,
  description: string,
  schema: v.GenericSchema<string, T>,
  fallback: T,
  fallbackText?: string,
): Setting<T>;
function value<T>(
  flags: string,
  env: string,
  description: string,
  schema: v.GenericSchema<string, T>,
): Setting<T | undefined>;
function value<T>(
  flags: string,
  env: string,
  description: string,
  schema: v.GenericSchema<string, T>,
  fallback?: T,
  fallbackText?: string,
): Setting<T | undefined> {
  const parse = (input: string): T => {
    const result = v.safeParse(schema, input);
    if (!result.success) throw new InvalidArgumentError(result.issues[0].message);
    return result.output;
  };
  return {
    option: () => {
      const option = new Option(flags, description).env(env).argParser(parse);
      return fallback === undefined ? option : option.default(fallback, fallbackText ?? String(fallback));
    },
  };
}

function flag(flags: string, env: string, description: string): Setting<boolean> {
  return { option: () => new Option(flags, description).env(env).default(false) };
}

function stateDirectory(): string {
  return join(process.env["XDG_STATE_HOME"] || join(homedir(), ".local", "state"), "prosopon");
}
