import { Command } from "commander";
import type { Client, JobState } from "@prosopon/core";
import { connection, options, type Values } from "../config.ts";
import type { ConnectOptions } from "../connect.ts";
import { openImage } from "../image.ts";
import { printJson, printLine, printTable } from "../print.ts";
import { withClient } from "../with-client.ts";

type SearchOptions = ConnectOptions & Values<"collection" | "maxResult" | "json">;

export function searchCommand(): Command {
  const command = new Command("search")
    .description("who is this? lists the people nearest to a photo")
    .argument("<image>", "JPEG or PNG")
    .action(async (path: string, values: SearchOptions) => {
      const image = await openImage(path);
      await withClient(values, async (client) => {
        const job = await client.identities.search({
          image,
          maxResult: values.maxResult,
          ...(values.collection !== undefined && { collection: values.collection }),
        });
        await show(client, await client.jobs.wait(job), values);
      });
    });
  for (const option of options("collection", "maxResult", ...connection, "json")) command.addOption(option);
  return command;
}

async function show(
  client: Client,
  { id, matches = [], detail }: JobState,
  { json }: SearchOptions,
): Promise<void> {
  const candidates = detail?.kind === "search" ? (detail.result?.candidates ?? []) : [];
  const ids = matches.map(({ identity_id }) => identity_id);
  const people = ids.length > 0 && detail ? (await client.identities.list({ ids })).items : [];
  const rows = matches.map(({ identity_id, score }) => {
    const person = people.find((one) => one.identity_id === identity_id);
    const candidate = candidates.find((one) => one.identity_id === identity_id);
    return {
      identity_id,
      external_id: person?.external_id,
      score,
      margin: candidate?.margin,
      cosine: candidate?.cosine,
    };
  });
  if (json) return printJson({ job_id: id, results: rows });
  if (rows.length === 0) {
    const [nearest] = candidates;
    return printLine(
      `Nobody we know.${nearest ? ` The nearest scores ${nearest.score.toFixed(3)}; 0.85 is listed, 0.95 is recognised.` : ""}`,
    );
  }
  printTable(
    rows.map(({ identity_id, external_id, score, margin, cosine }, index) => ({
      "#": index + 1,
      person: external_id ?? "",
      identity: identity_id,
      score: score.toFixed(3),
      verdict: score >= 0.95 ? "recognised" : "possible",
      margin: margin?.toFixed(3),
      cosine: cosine?.toFixed(3),
    })),
  );
}
