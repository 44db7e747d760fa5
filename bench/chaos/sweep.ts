import { setTimeout as sleep } from "node:timers/promises";
import { imageBounds } from "@prosopon/engine";
import { createService, type ServiceOptions } from "@prosopon/service";
import { openPostgresStorage } from "@prosopon/service/postgres";
import { recogniser } from "../lib/embedding.ts";
import type { Images } from "./images.ts";

/** An image that nothing refers to is erased when it is an hour old: here all of them are twice as old. */
const AGED_MS = 2 * 60 * 60_000;
const LIMIT_MS = 120_000;

/** What a worker that starts two hours later does about the images that were left, with the limits that every node has. */
export async function sweepLater(databaseUrl: string, images: Images): Promise<void> {
  await images.age(AGED_MS);
  const storage = await openPostgresStorage({ url: databaseUrl });
  // Opening it removes what was being written when its node died; the sweep, all else.
  const blobs = await images.open();
  const swept = Promise.withResolvers<unknown>();
  const { sessions } = storage;
  const service = createService({
    // The last thing that a sweep forgets is sessions.
    storage: {
      ...storage,
      sessions: {
        ...sessions,
        sweep(now, signal) {
          const end = sessions.sweep(now, signal);
          end.then(swept.resolve, swept.reject);
          return end;
        },
      },
    },
    engine: IDLE,
    role: "worker",
    blobs,
  });
  try {
    const late = sleep(LIMIT_MS, "late" as const, { ref: false });
    if ((await Promise.race([swept.promise, late])) === "late")
      throw new Error("the sweep after the storm does not end");
  } finally {
    await service.close();
    await blobs.close();
    await storage.close();
  }
}

/** Proves itself for ever, so that the service sweeps and claims no job. */
const IDLE: ServiceOptions["engine"] = {
  info: () => ({
    models: [],
    recogniser,
    threads: 1,
    bounds: imageBounds(),
  }),
  warm: () => new Promise<never>(() => {}),
  analyse: () => Promise.reject(new Error("there is no engine here")),
  close: async () => {},
};
