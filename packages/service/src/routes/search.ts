import { json, type Handler } from "../http/call.ts";
import { required } from "../http/query.ts";
import { jobAfterWait } from "../http/wait.ts";
import { startJob } from "../jobs/start.ts";
import { LISTED_SCORE } from "../match.ts";
import { HttpProblem } from "../problem.ts";
import { unknownJob } from "./identity.ts";

/** Documented: the default, and the most. */
const MAX_RESULT = 10;

export const search: Handler = (call) =>
  startJob(call, "search", (form) => {
    const text = form.text("max_result")?.trim() || String(MAX_RESULT);
    if (!/^\+?\d{1,15}$/.test(text) || Number(text) < 1)
      throw new HttpProblem(
        400,
        `max_result must be a whole number from 1; over ${MAX_RESULT} counts as ${MAX_RESULT}`,
      );
    return { maxResult: Math.min(Number(text), MAX_RESULT) };
  });

export const searchStatus: Handler = async (call) => {
  const job = await jobAfterWait(call, required(call.query, "job_id"));
  if (job?.kind !== "search") return unknownJob();
  const { status, result, error } = job;
  const listed = (result?.candidates ?? []).filter(({ score }) => score > LISTED_SCORE);
  const results = listed.map(({ identity_id, score }) => ({ identity_id, score }));
  return json({ status, ...(status === "Succeeded" && { results }), ...(status === "Failed" && { error }) });
};
