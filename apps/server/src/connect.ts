import { realpath } from "node:fs/promises";
import { createClient, type Client } from "@prosopon/core";
import type { Credentials, Service, Storage } from "@prosopon/service";
import type { connection, Values } from "./config.ts";
import { isLoopbackHost } from "./demo-account.ts";
import { UsageError } from "./errors.ts";
import { firstAccount, fixedCredentials, keptDemoCredentials } from "./first-account.ts";
import { printError } from "./print.ts";

export type ConnectOptions = Values<(typeof connection)[number]>;

export interface Connection {
  client: Client;
  /** Which server or directory, and which account: the same people for the same text. */
  name: string;
  close(): Promise<void>;
}

/**
 * A client over HTTP, or one over the service in this very process: the same bytes through the same parser.
 * Without `create` a data directory must be there.
 */
export async function connect(options: ConnectOptions, { create = false } = {}): Promise<Connection> {
  const given = fixedCredentials(options);
  return options.embedded ? embedded({ ...options, create }, given) : remote(options, given);
}

async function remote(
  { url, timeout, data }: ConnectOptions,
  given: Credentials | undefined,
): Promise<Connection> {
  const { origin, pathname, hostname } = new URL(url);
  const baseUrl = `${origin}${pathname}`.replace(/\/+$/, "");
  const credentials = given ?? (isLoopbackHost(hostname) ? await readDemoAccount(data) : undefined);
  if (!credentials) {
    await expectAnswer(baseUrl);
    throw new UsageError(
      `Which account of ${baseUrl}? Set PROSOPON_CLIENT_ID and PROSOPON_SECRET_ID; the server printed them at its first start. For the demo account name the data directory of a \`serve --demo\` on this machine with --data.`,
    );
  }
  const client = createClient({ baseUrl, ...credentials, timeoutMs: timeout * 1000 });
  return { client, name: `${baseUrl} ${credentials.clientId}`, close: async () => {} };
}

/** Whoever has no server has no use for an account of it. @throws UsageError */
async function expectAnswer(baseUrl: string): Promise<void> {
  try {
    await fetch(`${baseUrl}/healthz`, { signal: AbortSignal.timeout(5_000) });
  } catch (error) {
    throw new UsageError(
      `No server answers at ${baseUrl}. Start one with \`prosopon serve\`, name another with --url, or work without one with --embedded.`,
      { cause: error },
    );
  }
}

/** Whoever may read the data of a `prosopon serve --demo` on this machine may use its demo account. */
async function readDemoAccount(data: string): Promise<Credentials | undefined> {
  const { openStorage } = await import("./storage.ts");
  const storage = await openStorage({ data }, { exclusive: false, readonly: true }).catch(() => undefined);
  try {
    return storage && (await keptDemoCredentials(storage));
  } finally {
    await storage?.close();
  }
}

async function embedded(
  options: ConnectOptions & { create: boolean },
  given: Credentials | undefined,
): Promise<Connection> {
  if (process.env["PROSOPON_DATABASE_URL"])
    throw new UsageError(
      "--embedded works on the data directory, and PROSOPON_DATABASE_URL names a database: leave --embedded out and talk to its server with --url, or unset the variable.",
    );
  const { openService } = await import("./compose.ts");
  const { service, storage, close } = await openService(options);
  try {
    const credentials = given ?? (await keptDemoAccount(service, storage));
    const account = await firstAccount({ service, storage }, { demo: false, ...credentials });
    if (account.given !== undefined)
      printError(`Created the account ${account.given} with the secret that was given.`);
    if (account.created)
      printError(
        `Created the account ${account.created.clientId}. Its secret is shown only once: ${account.created.secretId}`,
      );
    const login = credentials ?? account.created;
    if (!login)
      throw new UsageError(
        `Which account of ${options.data}? Set PROSOPON_CLIENT_ID and PROSOPON_SECRET_ID; \`prosopon accounts list\` shows what there is.`,
      );
    await service.ready();
    const client = createClient({ fetch: service.fetch, ...login, timeoutMs: options.timeout * 1000 });
    return { client, name: `${await realpath(options.data)} ${login.clientId}`, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** That of a `serve --demo` on the same data before. */
async function keptDemoAccount(
  { accounts }: Service,
  storage: Pick<Storage, "secrets">,
): Promise<Credentials | undefined> {
  const kept = await keptDemoCredentials(storage);
  return (await accounts.list()).some(({ clientId }) => clientId === kept?.clientId) ? kept : undefined;
}
