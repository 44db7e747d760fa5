import { Command } from "commander";
import type { Collection } from "@prosopon/core/contract";
import { connection, options, type Values } from "../config.ts";
import type { ConnectOptions } from "../connect.ts";
import { all } from "../every-page.ts";
import { printJson, printLine, printTable } from "../print.ts";
import {
  givenSettings,
  SETTINGS,
  settingsCells,
  type SettingsOptions,
  someChange,
} from "../collection-settings.ts";
import { withClient } from "../with-client.ts";

type ListOptions = ConnectOptions & Values<"json">;
type ChangeOptions = ListOptions & SettingsOptions;

export function collectionsCommand(): Command {
  const collections = new Command("collections")
    .description("manage the galleries inside an account; each has settings of its own")
    .helpCommand(false);
  const verb = (usage: string, description: string) => {
    const command = collections.command(usage).description(description);
    for (const option of options(...connection, "json")) command.addOption(option);
    return command;
  };
  const withSettings = (command: Command) => {
    for (const option of options(...SETTINGS)) command.addOption(option);
    return command;
  };

  verb("list", "list the collections, the newest first").action((values: ListOptions) =>
    withClient(values, async (client) => show(await all((page) => client.collections.list(page)), values)),
  );
  withSettings(verb("create <name>", "create a collection")).action((name: string, values: ChangeOptions) =>
    withClient(values, async (client) =>
      show([await client.collections.create({ name, settings: givenSettings(values) })], values),
    ),
  );
  withSettings(
    verb("settings <name>", "change what a collection, by its name or id, keeps and refuses"),
  ).action((name: string, values: ChangeOptions) => {
    const settings = someChange(givenSettings(values));
    return withClient(values, async (client) =>
      show([await client.collections.update(name, { settings })], values),
    );
  });
  verb("delete <name>", "delete a collection, by its name or id, and erase all its people").action(
    (name: string, values: ListOptions) =>
      withClient(values, async (client) => {
        const { collection_id, identities } = await client.collections.get(name);
        await client.collections.delete(collection_id);
        if (values.json) printJson({ collection_id, identities });
        else printLine(`Deleted ${name}: ${identities} people erased.`);
      }),
  );
  return collections;
}

function show(collections: Collection[], { json }: ListOptions): void {
  if (json) return printJson({ collections });
  printTable(
    collections.map(({ name, collection_id, identities, faces, settings }) => ({
      name,
      collection: collection_id,
      people: identities,
      faces,
      ...settingsCells(settings),
    })),
  );
}
