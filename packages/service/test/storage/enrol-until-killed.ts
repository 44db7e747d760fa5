/** Enqueues and finishes enrolments until it is killed, and says each one that was acknowledged: `sent ID`, `done ID`. */
import { writeSync } from "node:fs";
import { openSqliteStorage } from "../../src/storage/sqlite/open.ts";
import { account, claimOne, defaultOf, embedding, enrolment, face, recogniser, settings } from "./samples.ts";

const [directory, accountId, round] = process.argv.slice(2) as [string, string, string];
const storage = await openSqliteStorage({ directory });
if (!(await storage.accounts.byId(accountId)))
  await storage.accounts.create(account({ id: accountId }), settings);
await storage.recognisers.register(recogniser);
const { collectionId } = await defaultOf(storage, accountId);
for (let i = 0; ; i++) {
  const id = `job-${round}-${i}`;
  await storage.jobs.enqueue({ id, accountId, payload: { ...enrolment, collectionId }, now: Date.now() });
  writeSync(1, `sent ${id}\n`);
  const job = await claimOne(storage, Date.now(), 100);
  if (!job) continue;
  const faces = [face(i, { id: `face-${job.id}`, embedding: embedding(i + 1) })];
  const outcome = {
    type: "enrolled" as const,
    identityId: `identity-${job.id}`,
    metadata: {},
    faces,
    result: {},
  };
  const { finished } = await storage.jobs.finish(
    { jobId: job.id, leaseId: job.leaseId },
    outcome,
    Date.now(),
  );
  if (finished) writeSync(1, `done ${job.id}\n`);
}
