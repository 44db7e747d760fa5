import { Command } from "commander";
import { connection, options, type Values } from "../config.ts";
import type { ConnectOptions } from "../connect.ts";
import { UsageError } from "../errors.ts";
import { PAGE_ITEMS } from "../every-page.ts";
import { withClient } from "../with-client.ts";

type ListOptions = ConnectOptions & Values<"dead" | "json">;
type RetryOptions = ConnectOptions & Values<"all" | "json">;

export function jobsCommand(): Command {
  const jobs = new Command("jobs")
    .description("list the jobs of an account, cancel some, and retry the abandoned ones")
    .helpCommand(false);
  const list = jobs
    .command("list")
    .description(`list the ${PAGE_ITEMS} newest jobs, or all abandoned ones`)
    .action(async (values: ListOptions) => {
      const { showJobs } = await import("../jobs.ts");
      await withClient(values, (client) => showJobs(client, values));
    });
  for (const option of options("dead", ...connection, "json")) list.addOption(option);

  const retry = jobs
    .command("retry [job-id]")
    .description("retry one abandoned job, or all of them, and wait for the end")
    .action(async (id: string | undefined, values: RetryOptions) => {
      if ((id === undefined) === !values.all) throw new UsageError("Name one job, or give --all.");
      const { retryJobs } = await import("../jobs.ts");
      await withClient(values, (client) => retryJobs(client, id, values));
    });
  for (const option of options("all", ...connection, "json")) retry.addOption(option);

  const cancel = jobs
    .command("cancel <job-id...>")
    .description("cancel unfinished jobs: they fail, and none of their results is written")
    .action(async (ids: string[], values: ListOptions) => {
      const { cancelJobs } = await import("../jobs.ts");
      await withClient(values, (client) => cancelJobs(client, ids, values));
    });
  for (const option of options(...connection, "json")) cancel.addOption(option);
  return jobs;
}
