import { examinePostgres, type PostgresExamination } from "@prosopon/service/postgres";
import { PLACE } from "../place.ts";
import { check, type Check } from "./check.ts";

/** Nodes follow the database's clock; logs, certificates and S3's signatures go by the machine's own. */
const SKEW_MS = 1_000;
/** Beyond it every statement of a request is felt. */
const FAR_MS = 20;

/** What nodes need of PostgreSQL, and the mark of where they keep their images. Changes nothing. */
export async function checkDatabase(
  url: string,
  directUrl: string | undefined,
): Promise<{ checks: Check[]; place?: Uint8Array | undefined }> {
  let found: PostgresExamination | undefined;
  const reachable = await check("database", "docs/operations.md says how to create a database.", async () => {
    found = await examinePostgres({ url, secret: PLACE, ...(directUrl !== undefined && { directUrl }) });
    return stateOfDatabase(found, url);
  });
  if (!found) return { checks: [reachable] };
  const { schema, clockAheadMs, deadJobs, secret: place } = found;
  const checks = [
    reachable,
    stateOfSchema(schema),
    stateOfNotifications(found, directUrl !== undefined),
    stateOfClock(clockAheadMs),
    ...(deadJobs === undefined ? [] : [stateOfDeadJobs(deadJobs)]),
  ];
  return { checks, place };
}

function stateOfDatabase({ schema, roundTripMs }: PostgresExamination, url: string): Omit<Check, "name"> {
  const { postgresql, pgvector } = schema.versions;
  // Never with user and password.
  const { host, pathname } = new URL(url);
  const far = roundTripMs > FAR_MS;
  return {
    state: schema.problem ? "fail" : far ? "warn" : "ok",
    detail: `PostgreSQL ${postgresql}${pgvector ? ` with pgvector ${pgvector}` : ""} at ${host}${pathname}, ${roundTripMs.toFixed(1)} ms away`,
    ...(far && { fix: "Each request queries it several times: put the nodes near it." }),
    ...(schema.problem && { fix: schema.problem }),
  };
}

function stateOfSchema({ applied, pending, problem }: PostgresExamination["schema"]): Check {
  const name = "schema";
  if (pending.length === 0 && !problem)
    return { name, state: "ok", detail: `up to date, ${applied.length} migrations` };
  return {
    name,
    state: problem ? "fail" : "warn",
    detail: problem ?? `pending: ${pending.map((one) => one.name).join(", ")}`,
    fix: problem ? "See the database." : "Run `prosopon migrate`, or let the next start of a node do it.",
  };
}

function stateOfNotifications({ notifiedMs, pooled }: PostgresExamination, direct: boolean): Check {
  const name = "notifications";
  const through = pooled.directUrl ? " through a pooler" : pooled.url ? " past the pooler" : "";
  if (notifiedMs !== undefined)
    return { name, state: "ok", detail: `heard${through} after ${notifiedMs.toFixed(1)} ms` };
  return {
    name,
    state: "warn",
    detail: `not heard within 2 s${through}: nodes poll every 250 ms instead`,
    fix: direct
      ? "The direct address does not lead straight to PostgreSQL: correct --database-direct-url (PROSOPON_DATABASE_DIRECT_URL)."
      : "The database's address leads through a pooler: give a direct address of PostgreSQL as --database-direct-url (PROSOPON_DATABASE_DIRECT_URL).",
  };
}

function stateOfClock(aheadMs: number): Check {
  const name = "clock";
  const off = Math.abs(Math.round(aheadMs));
  const detail = `this machine's is ${off} ms ${aheadMs > 0 ? "behind" : "ahead of"} the database's`;
  if (off < SKEW_MS) return { name, state: "ok", detail };
  return {
    name,
    state: "warn",
    detail: `${detail}, which nodes follow`,
    fix: "Set the clocks by NTP: logs, certificates and object storage signatures depend on the machine's own clock.",
  };
}

function stateOfDeadJobs(count: number): Check {
  const name = "abandoned jobs";
  if (count === 0) return { name, state: "ok", detail: "none" };
  return {
    name,
    state: "warn",
    detail: `${count} ${count === 1 ? "job was" : "jobs were"} abandoned`,
    fix: "`prosopon jobs list --dead` and the workers' logs say why; once that is fixed, `prosopon jobs retry --all` within 24 hours.",
  };
}
