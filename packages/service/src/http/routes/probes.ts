import type { BlobStore } from "../../blobs/types.ts";
import type { Clock } from "../../clock.ts";
import type { Role } from "../../role.ts";
import type { Space } from "../../space.ts";
import type { Storage } from "../../storage/types.ts";
import { json, type Handler } from "../call.ts";
import { HttpProblem } from "../problem.ts";
import type { Route } from "../route.ts";

/** Shorter than the storage's own patience, so that a balancer learns of an outage while the calls under way still wait. */
const PROBE_MS = 2_000;

/** What a node needs so that work can be given to it. */
export interface ProbeTools {
  storage: Storage;
  blobs: BlobStore;
  space: Space;
  clock: Clock;
  role: Role;
  /** Undefined when work can be given to this node, else why not. */
  notReady(): string | undefined;
}

export const PROBES: readonly string[] = ["/healthz", "/readyz"];

/** Of every node, also of a worker. */
export function probeRoutes({ storage, blobs, space, clock, role, notReady }: ProbeTools): Route[] {
  /** The process answers. */
  const healthz: Handler = () => json({ status: "ok" });

  /** Work can be given to it: where it works itself the engine has recognised its known image; database and images can be had; its disks have room. */
  const readyz: Handler = async () => {
    const faults = () =>
      Promise.all([
        fault("the database", storage.ping(), clock),
        fault("the store of images", blobs.present(), clock),
        space.shortage(),
      ]);
    const reason = notReady() ?? (await faults()).find((one) => one !== undefined);
    if (reason) throw new HttpProblem(503, `role ${role}: ${reason}`, { "retry-after": "1" });
    return json({ status: "ready", role });
  };

  return [
    ["GET", "/healthz", "open", healthz],
    ["GET", "/readyz", "open", readyz],
  ];
}

async function fault(what: string, asked: Promise<unknown>, clock: Clock): Promise<string | undefined> {
  const late = Promise.withResolvers<string>();
  const cancel = clock.after(PROBE_MS, () => late.resolve(`${what} does not answer`));
  const answer = asked.then(
    () => undefined,
    (error: unknown) => spoken(error) ?? `${what} cannot be used; the log says why`,
  );
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    cancel();
  }
}

/** Whoever asks has no token: only what we say ourselves is repeated, not what a database or an object storage said. */
function spoken(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.name === "BlobsAwayError" && "publicly" in error) return String(error.publicly);
  return error.name === "StorageError" ? error.message : undefined;
}
