import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { ServeOptions } from "./serve-settings.ts";
import { refuseSocket } from "@prosopon/service/node";
import { listen } from "./listen.ts";

/** Between tries, ms. */
const RETRY_MS = 2_000;
const RETRY = { "retry-after": "10" };

/**
 * A full disk, or a database or an object storage that is away, is no reason to end at the start: whoever starts the process again would meet the
 * same. @returns undefined when it was stopped before that had passed.
 */
export async function onceItCan<T>(
  work: () => Promise<T>,
  logger: Logger,
  stop: AbortSignal,
  onWait: (reason: () => string) => Promise<unknown> = async () => {},
): Promise<T | undefined> {
  let reason: string | undefined;
  let waits = false;
  while (!stop.aborted) {
    try {
      return await work();
    } catch (error) {
      const before = reason;
      reason = whyWait(error);
      if (reason === undefined) throw error;
      if (reason !== before) logger.error({ err: error }, message(reason));
      if (!waits) await onWait(() => reason!);
      waits = true;
    }
    await sleep(RETRY_MS, undefined, { signal: stop }).catch(() => {});
  }
  return undefined;
}

/** Says meanwhile why nothing is served; returns the end of it. @throws CommandError when the address cannot be had */
export async function answerThatItWaits(
  options: ServeOptions,
  logger: Logger,
  reason: () => string,
): Promise<() => Promise<void>> {
  const { server, url, close } = await listen(
    { fetch: async (request) => waiting(new URL(request.url).pathname, reason()) },
    options,
  );
  server.on("upgrade", (_request, socket) => refuseSocket(socket, 503, message(reason()), RETRY));
  logger.info({ url }, "the server waits, and answers that it does");
  return close;
}

function waiting(path: string, reason: string): Response {
  if (path === "/healthz") return Response.json({ status: "ok" });
  const headers = { ...RETRY, "cache-control": "no-store", "x-content-type-options": "nosniff" };
  return Response.json(
    { statusCode: 503, error: "Service Unavailable", message: message(reason) },
    { status: 503, headers },
  );
}

const message = (reason: string) => `${reason}: the server goes on as soon as that has passed`;

/** Without a word of what is behind it: who asks has no token. */
function whyWait(error: unknown): string | undefined {
  const { code, cause, name, refused } = (error ?? {}) as Record<string, unknown>;
  if (code === "full" || code === "ENOSPC" || code === "EDQUOT") return "the disk is full";
  if (code === "away") return "the database is away";
  if (name === "BlobsAwayError" && !refused) return "the place of the images is away";
  return cause === undefined ? undefined : whyWait(cause);
}
