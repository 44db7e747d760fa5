import { StorageError, type Credentials, type Service, type Storage } from "@prosopon/service";
import { CommandError, UsageError } from "./errors.ts";

export interface FirstAccountOptions {
  /** Both or neither. */
  clientId?: string | undefined;
  secretId?: string | undefined;
  demo: boolean;
}

export interface FirstAccount {
  /** Made just now, by this node, with a secret of our own: to be shown once. */
  created?: Credentials;
  /** Client id of the account made just now with the credentials given: whoever gave them has the secret. */
  given?: string;
  /** What the playground may offer for one-click sign-in: the demo account's, never those given. */
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
 * - `demo`: the account whose credentials are kept with the data, beside the one given or alone.
 * - Neither: a first account with a random secret, when there is none at all.
 */
export async function firstAccount(opened: Opened, options: FirstAccountOptions): Promise<FirstAccount> {
  const { service, storage } = opened;
  const fixed = fixedCredentials(options);
  const given = fixed && (await make(service, fixed));
  if (fixed && !given) await checkFixed(service, fixed);
  const account = given ? { given: given.clientId } : {};
  if (options.demo) return { ...account, ...(await demoAccount(opened)) };
  if (fixed || (await service.accounts.list()).length > 0) return account;
  const clientId = token(await storage.secret("first-account", 16));
  const created = await make(service, { clientId, name: "First" });
  return created ? { created } : {};
}

/** It alone keeps crops without being told to, for the playground to show. */
async function demoAccount({ service, storage }: Opened): Promise<FirstAccount> {
  const kept = await demoCredentials(storage);
  const created = await make(service, { ...kept, name: "Demo", settings: { keepCrops: true } });
  if (created) return { created: kept, demo: kept };
  // Rotated or disabled since: somebody took it out of demo use, so it is not offered any more.
  return (await opens(service, kept)) ? { demo: kept } : {};
}

/** The secret of the demo account is the only one that is kept in the clear: with the data, beside the key that signs tokens. */
async function demoCredentials(storage: Pick<Storage, "secret">): Promise<Credentials> {
  return credentialsIn(await storage.secret(DEMO, 48));
}

/** Of data that a `serve --demo` ran on; changes nothing. */
export async function keptDemoCredentials(
  storage: Pick<Storage, "secrets">,
): Promise<Credentials | undefined> {
  const kept = (await storage.secrets(DEMO)).find(({ name }) => name === DEMO);
  return kept && credentialsIn(kept.bytes);
}

const DEMO = "demo-account";

const credentialsIn = (bytes: Uint8Array): Credentials => ({
  clientId: token(bytes.subarray(0, 16)),
  secretId: token(bytes.subarray(16)),
});

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
      `The account ${fixed.clientId} exists with a secret other than PROSOPON_SECRET_ID. Correct the variable, or create a new secret: prosopon accounts rotate ${fixed.clientId}`,
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
    "Client id and secret belong together: give both PROSOPON_CLIENT_ID and PROSOPON_SECRET_ID (--client-id, --secret-id), or neither.",
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
