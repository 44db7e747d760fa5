import { json, type Handler } from "../http/call.ts";
import { required } from "../http/query.ts";
import { jobAfterWait } from "../http/wait.ts";
import { startJob } from "../jobs/start.ts";
import { namedIdentity, unknownJob } from "./identity.ts";

export const recognize: Handler = (call) =>
  startJob(call, "recognize", async (form) => ({ identityId: await namedIdentity(call, form) }));

export const recognizeStatus: Handler = async (call) => {
  const job = await jobAfterWait(call, required(call.query, "job_id"));
  if (job?.kind !== "recognize") return unknownJob();
  const { status, error } = job;
  const match = job.result?.match;
  const results = match && {
    identity_id: match.identity_id,
    score: match.score,
    recognition: match.recognition,
  };
  return json({
    status,
    ...(status === "Succeeded" && results && { results }),
    ...(status === "Failed" && { error }),
  });
};
