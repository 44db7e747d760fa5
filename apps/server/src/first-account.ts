import type { Credentials, Service } from "@prosopon/service";
import { readDemoAccount, writeDemoAccount } from "./demo-account.ts";
import { CommandError, UsageError } from "./errors.ts";

export interface FirstAccountOptions {
  data: string;
  /** Both or none. */
  clientId?: string | undefined;
  secretId?: string | undefined;
  demo: boolean;
}

export interface FirstAccount {
  /** Made just now: to be shown once. */
  created?: Credentials;
  /** What the playground may offer for one-click sign-in. */
  demo?: Credentials;
}

/**
 * Makes sure there is an account to log in with.
 * - Credentials given: that account must exist with that secret, or is made so.
 * - `demo`: the account of demo-account.json, made when the file is missing.
 * - Else: a first account with random credentials, when there is none at all.
 */
export async function firstAccount(
  service: Pick<Service, "accounts" | "fetch">,
  options: FirstAccountOptions,
): Promise<FirstAccount> {
  const fixed = fixedCredentials(options);
  const settings = { keepCrops: options.demo };
  const accounts = await service.accounts.list();

  if (fixed) {
    const known = accounts.find(({ clientId }) => clientId === fixed.clientId);
    if (!known) await service.accounts.create({ ...fixed, settings });
    else if (known.disabled)
      throw new CommandError(
        `The account ${fixed.clientId} is disabled. Enable it first: prosopon accounts enable ${fixed.clientId}`,
      );
    else if (!(await opens(service, fixed))) {
      throw new CommandError(
        `The account ${fixed.clientId} exists with another secret than PROSOPON_SECRET_ID. Correct that, or make a new secret: prosopon accounts rotate ${fixed.clientId}`,
      );
    }
    return { ...(!known && { created: fixed }), ...(options.demo && { demo: fixed }) };
  }

  if (options.demo) {
    const kept = await readDemoAccount(options.data);
    // Rotated or disabled since: somebody took it out of demo use, so it is not offered any more.
    if (kept) return (await opens(service, kept)) ? { demo: kept } : {};
    const { clientId, secretId } = await service.accounts.create({ name: "Demo", settings });
    await writeDemoAccount(options.data, { clientId, secretId });
    return { created: { clientId, secretId }, demo: { clientId, secretId } };
  }

  if (accounts.length > 0) return {};
  const { clientId, secretId } = await service.accounts.create({ name: "First", settings });
  return { created: { clientId, secretId } };
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
