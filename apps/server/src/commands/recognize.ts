import { Command } from "commander";
import type { Client } from "@prosopon/core";
import { connection, options, type Values } from "../config.ts";
import type { ConnectOptions } from "../connect.ts";
import { CommandError, UsageError } from "../errors.ts";
import { openImage } from "../image.ts";
import { printJson, printLine } from "../print.ts";
import { withClient } from "../with-client.ts";

type RecognizeOptions = ConnectOptions & Values<"identity" | "externalId" | "collection" | "json">;

export function recognizeCommand(): Command {
  const command = new Command("recognize")
    .description("is this that person? compares a photo with one identity")
    .argument("<image>", "JPEG or PNG")
    .action(async (path: string, values: RecognizeOptions) => {
      if ((values.identity === undefined) === (values.externalId === undefined))
        throw new UsageError("Pass either --identity or --external-id.");
      const image = await openImage(path);
      await withClient(values, async (client) => {
        const identity =
          values.identity ?? (await byExternalId(client, values.externalId!, values.collection));
        const { id, recognition } = await client.jobs.wait(
          await client.identities.recognize(identity, { image }),
        );
        if (!recognition) throw new CommandError("The server ended the job without an answer. Try again.");
        if (values.json) printJson({ job_id: id, ...recognition });
        else
          printLine(
            `${recognition.recognition ? "Recognised" : "Not recognised"}: score ${recognition.score.toFixed(3)} (0.95 or more is recognised), identity ${recognition.identity_id}`,
          );
      });
    });
  for (const option of options("identity", "externalId", "collection", ...connection, "json"))
    command.addOption(option);
  return command;
}

async function byExternalId(
  client: Client,
  externalId: string,
  collection: string | undefined,
): Promise<string> {
  const where = collection === undefined ? {} : { collection };
  const [identity] = (await client.identities.list({ externalId, limit: 1, ...where })).items;
  if (!identity) throw new CommandError(`No person has the external id ${externalId}.`);
  return identity.identity_id;
}
