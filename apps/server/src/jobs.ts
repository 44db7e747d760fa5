import { isApiError, isJobFailedError, type Client } from "@prosopon/core";
import type { Job } from "@prosopon/core/contract";
import type { Values } from "./config.ts";
import { all, PAGE_ITEMS } from "./every-page.ts";
import { printJson, printLine, printTable } from "./print.ts";

export async function showJobs(client: Client, { dead, json }: Values<"dead" | "json">): Promise<void> {
  const jobs = dead ? await deadJobs(client) : (await client.jobs.list({ limit: PAGE_ITEMS })).items;
  if (json) return printJson({ jobs: jobs.map((job) => ({ ...job, result: undefined })) });
  if (jobs.length === 0) return printLine(dead ? "No abandoned jobs." : "No jobs yet.");
  printTable(
    jobs.map((job) => ({
      job: job.job_id,
      kind: job.kind,
      status: job.status,
      sent: job.created_at,
      ...(dead && { retry: retryState(job) }),
      error: job.error,
    })),
  );
}

export async function retryJobs(
  client: Client,
  id: string | undefined,
  { json }: Values<"json">,
): Promise<void> {
  const ids = id === undefined ? (await deadJobs(client)).filter(isRetriable).map((job) => job.job_id) : [id];
  // All are started before the first is waited for.
  const started: { job_id: string; retried_as?: string; error?: string }[] = [];
  for (const job_id of ids) {
    const outcome = await client.jobs.retry(job_id).then(
      (job) => ({ retried_as: job.id }),
      (error: unknown) => {
        if (isApiError(error) && ids.length > 1) return { error: error.message };
        throw error;
      },
    );
    started.push({ job_id, ...outcome });
  }
  const rows = [];
  for (const job of started)
    rows.push({ ...job, ...(job.retried_as && (await end(client, job.retried_as))) });
  if (rows.some(({ error }) => error !== undefined)) process.exitCode = 1;
  if (json) return printJson({ jobs: rows });
  if (rows.length === 0) return printLine("No abandoned job waits for a retry.");
  printTable(
    rows.map(({ job_id, retried_as, error }) => ({
      job: job_id,
      "retried as": retried_as,
      outcome: error ?? "Succeeded",
    })),
  );
}

export async function cancelJobs(client: Client, ids: string[], { json }: Values<"json">): Promise<void> {
  const rows = await Promise.all(
    ids.map(async (job_id) => {
      const outcome = await client.jobs.cancel(job_id).then(
        () => "cancelled",
        (error: unknown) => {
          if (!isApiError(error)) throw error;
          process.exitCode = 1;
          return error.message;
        },
      );
      return { job_id, outcome };
    }),
  );
  if (json) return printJson({ jobs: rows });
  printTable(rows.map(({ job_id, outcome }) => ({ job: job_id, outcome })));
}

async function end(client: Client, job: string): Promise<{ error?: string }> {
  try {
    await client.jobs.wait(job);
    return {};
  } catch (error) {
    if (isJobFailedError(error)) return { error: error.reason };
    throw error;
  }
}

const deadJobs = (client: Client): Promise<Job[]> => all((page) => client.jobs.list({ dead: true, ...page }));

/** The server's clock decides in the end; this leaves out what it would refuse. */
const isRetriable = ({ dead }: Job): boolean =>
  dead !== undefined && dead.retried_as === undefined && Date.parse(dead.until) > Date.now();

function retryState(job: Job): string {
  if (job.dead?.retried_as) return `as ${job.dead.retried_as}`;
  return isRetriable(job) ? `until ${job.dead?.until}` : "too late";
}
