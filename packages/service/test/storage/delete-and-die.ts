/** Enrols a face, deletes it, says its embedding in hex and dies before the log is emptied. */
import { openSqliteStorage } from "../../src/storage/sqlite/open.ts";
import { embedding, enrol, face, newAccount } from "./samples.ts";

const storage = await openSqliteStorage({ directory: process.argv[2]! });
const accountId = await newAccount(storage);
const vector = embedding(4242);
const { identityId } = await enrol(storage, accountId, [face(1, { embedding: vector })]);
await storage.identities.delete(accountId, [identityId], 3000);
process.stdout.write(Buffer.from(vector.values.buffer).toString("hex"), () =>
  process.kill(process.pid, "SIGKILL"),
);
