import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { ServeOptions } from "./serve-settings.ts";
import { listen } from "./listen.ts";

/** Between tries, ms. */
const RETRY_MS = 2_000;

/**
 * A disk that is full at the start is no reason to end: whoever starts the process again would meet it full again.
 * @returns undefined when it was stopped before there was room.
 */
export async function whenThereIsRoom<T>(
  work: () => Promise<T>,
  logger: Logger,
  stop: AbortSignal,
  onFull: () => Promise<unknown> = async () => {},
): Promise<T | undefined> {
  for (let told = false; !stop.aborted; told = true) {
    try {
      return await work();
    } catch (error) {
      if (!isFull(error)) throw error;
      if (!told) {
        logger.error({ err: error }, "the disk is full: the server goes on as soon as there is room");
        await onFull();
      }
    }
    await sleep(RETRY_MS, undefined, { signal: stop }).catch(() => {});
  }
  return undefined;
}

/** Says meanwhile why nothing is served; returns the end of it. @throws CommandError when the address cannot be had */
export async function answerThatItWaits(options: ServeOptions, logger: Logger): Promise<() => Promise<void>> {
  const { url, close } = await listen(
    { fetch: async (request) => waiting(new URL(request.url).pathname) },
    options,
  );
  logger.info({ url }, "the server waits for room, and answers that it does");
  return close;
}

function waiting(path: string): Response {
  if (path === "/healthz") return Response.json({ status: "ok" });
  const message = "the disk is full: the server goes on as soon as there is room";
  const headers = { "retry-after": "10", "cache-control": "no-store", "x-content-type-options": "nosniff" };
  return Response.json({ statusCode: 503, error: "Service Unavailable", message }, { status: 503, headers });
}

function isFull(error: unknown): boolean {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  return code === "full" || code === "ENOSPC" || code === "EDQUOT" || (cause !== undefined && isFull(cause));
}
