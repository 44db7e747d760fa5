import { StorageError, type Credentials, type Service, type Storage } from "@prosopon/service";
import { CommandError, UsageError } from "./errors.ts";

export interface FirstAccountOptions {
  /** Both or none. */
  clientId?: string | undefined;
  secretId?: string | undefined;
  demo: boolean;
}

export interface FirstAccount {
  /** Made just now, by this node: to be shown once. */
  created?: Credentials;
  /** What the playground may offer for one-click sign-in. */
  demo?: Credentials;
}

/** Parts of a composition. */
interface Opened {
  service: Pick<Service, "accounts" | "fetch">;
  storage: Pick<Storage, "secret">;
}

/**
 * Makes sure there is an account to log in with. Several nodes may do so at once: of each of these accounts all of them know
 * the client id beforehand, and only one can make it.
 * - Credentials given: that account must exist with that secret, or is made so.
 * - `demo`: the account whose credentials are kept with the data.
 * - Else: a first account with a random secret, when there is none at all.
 */
export async function firstAccount(opened: Opened, options: FirstAccountOptions): Promise<FirstAccount> {
  const { service, storage } = opened;
  const settings = { keepCrops: options.demo };
  const fixed = fixedCredentials(options);
  if (fixed) {
    const created = await make(service, { ...fixed, settings });
    if (!created) await checkFixed(service, fixed);
    return { ...(created && { created: fixed }), ...(options.demo && { demo: fixed }) };
  }

  if (options.demo) {
    const kept = await demoCredentials(storage);
    const created = await make(service, { ...kept, name: "Demo", settings });
    if (created) return { created: kept, demo: kept };
    // Rotated or disabled since: somebody took it out of demo use, so it is not offered any more.
    return (await opens(service, kept)) ? { demo: kept } : {};
  }

  if ((await service.accounts.list()).length > 0) return {};
  const clientId = token(await storage.secret("first-account", 16));
  const created = await make(service, { clientId, name: "First", settings });
  return created ? { created } : {};
}

/** The secret of the demo account is the only one that is kept in the clear: with the data, beside the key that signs tokens. */
export async function demoCredentials(storage: Pick<Storage, "secret">): Promise<Credentials> {
  const bytes = await storage.secret("demo-account", 48);
  return { clientId: token(bytes.subarray(0, 16)), secretId: token(bytes.subarray(16)) };
}

const token = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");

/** undefined when there is an account of that client id already. */
async function make(
  { accounts }: Pick<Service, "accounts">,
  account: Parameters<Service["accounts"]["create"]>[0] & { clientId: string },
): Promise<Credentials | undefined> {
  // Looked up first only to save the slow hash.
  if ((await accounts.list()).some(({ clientId }) => clientId === account.clientId)) return undefined;
  try {
    const { clientId, secretId } = await accounts.create(account);
    return { clientId, secretId };
  } catch (error) {
    if (error instanceof StorageError && error.code === "conflict") return undefined;
    throw error;
  }
}

async function checkFixed(service: Opened["service"], fixed: Credentials): Promise<void> {
  const known = (await service.accounts.list()).find(({ clientId }) => clientId === fixed.clientId);
  if (known?.disabled)
    throw new CommandError(
      `The account ${fixed.clientId} is disabled. Enable it first: prosopon accounts enable ${fixed.clientId}`,
    );
  if (!(await opens(service, fixed)))
    throw new CommandError(
      `The account ${fixed.clientId} exists with another secret than PROSOPON_SECRET_ID. Correct that, or make a new secret: prosopon accounts rotate ${fixed.clientId}`,
    );
}

/** @throws UsageError when only one of the two is given. */
export function fixedCredentials({
  clientId,
  secretId,
}: {
  clientId?: string | undefined;
  secretId?: string | undefined;
}): Credentials | undefined {
  if (clientId === undefined && secretId === undefined) return undefined;
  if (clientId !== undefined && secretId !== undefined) return { clientId, secretId };
  throw new UsageError(
    "Client id and secret belong together: give both PROSOPON_CLIENT_ID and PROSOPON_SECRET_ID (--client-id, --secret-id), or none.",
  );
}

/** Logs in, as any client would, and out again. */
async function opens(service: Pick<Service, "fetch">, credentials: Credentials): Promise<boolean> {
  const post = (path: string, headers: Record<string, string>, body?: string) =>
    service.fetch(
      new Request(`http://in-process.invalid${path}`, { method: "POST", headers, ...(body && { body }) }),
    );
  const answer = await post("/login", { "content-type": "application/json" }, JSON.stringify(credentials));
  if (!answer.ok) return false;
  const { token } = (await answer.json()) as { token: string };
  await post("/logout", { authorization: `Bearer ${token}` });
  return true;
}
