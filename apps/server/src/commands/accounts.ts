import { Command } from "commander";
import type { CollectionSettings, AccountView, Accounts, Credentials } from "@prosopon/service";
import { options, type Values } from "../config.ts";
import { printJson, printLine, printTable } from "../print.ts";
import { SETTINGS, settingsCells, type SettingsOptions, someChange } from "../collection-settings.ts";

type AccountsOptions = Values<"data" | "databaseUrl" | "json">;
type ChangeOptions = AccountsOptions & SettingsOptions;

/** Works on the data directory or the database itself, even while servers run on it. */
export function accountsCommand(): Command {
  const accounts = new Command("accounts")
    .description("manage the accounts of a data directory or a database, even while servers run on it")
    .helpCommand(false);
  const verb = (usage: string, description: string) => {
    const command = accounts.command(usage).description(description);
    for (const option of options("data", "databaseUrl", "json")) command.addOption(option);
    return command;
  };

  verb("create [name]", "create an account; its secret is shown once").action(
    (name: string | undefined, values: AccountsOptions) =>
      withAccounts({ ...values, create: true }, async (all) =>
        showCredentials(await all.create(name ? { name } : {}), values),
      ),
  );
  verb("list", "list the accounts").action((values: AccountsOptions) =>
    withAccounts({ ...values, readonly: true }, async (all) => showAccounts(await all.list(), values)),
  );
  verb("rotate <client-id>", "give an account a new secret and end its sessions").action(
    (clientId: string, values: AccountsOptions) =>
      withAccounts(values, async (all) => showCredentials(await all.rotate(clientId), values)),
  );
  verb("disable <client-id>", "end an account's sessions and refuse its logins").action(
    (clientId: string, values: AccountsOptions) =>
      withAccounts(values, async (all) => showAccounts([await all.disable(clientId)], values)),
  );
  verb("enable <client-id>", "let an account log in again").action(
    (clientId: string, values: AccountsOptions) =>
      withAccounts(values, async (all) => showAccounts([await all.enable(clientId)], values)),
  );
  const settings = verb("settings <client-id>", "change what an account keeps and refuses");
  for (const option of options(...SETTINGS)) settings.addOption(option);
  settings.action((clientId: string, values: ChangeOptions) => {
    const change = readSettings(values);
    return withAccounts(values, async (all) => showAccounts([await all.settings(clientId, change)], values));
  });
  return accounts;
}

async function withAccounts(
  {
    create = false,
    readonly = false,
    ...options
  }: AccountsOptions & { create?: boolean; readonly?: boolean },
  work: (accounts: Accounts) => Promise<void>,
): Promise<void> {
  const { openAccounts } = await import("../storage.ts");
  const { accounts, close } = await openAccounts({ ...options, create }, { readonly });
  try {
    await work(accounts);
  } finally {
    await close();
  }
}

/** As the storage has them. */
function readSettings({
  keepCrops,
  guardQuality,
  guardMixed,
  guardWrongPerson,
  guardDuplicate,
}: ChangeOptions): Partial<CollectionSettings> {
  return someChange({
    ...(keepCrops !== undefined && { keepCrops }),
    ...(guardQuality !== undefined && { guardQuality }),
    ...(guardMixed !== undefined && { guardMixed }),
    ...(guardWrongPerson !== undefined && { guardWrongPerson }),
    ...(guardDuplicate !== undefined && { guardDuplicate }),
  });
}

function showCredentials({ clientId, secretId }: Credentials, { json }: AccountsOptions): void {
  if (json) printJson({ clientId, secretId });
  else printLine(`client id  ${clientId}\nsecret id  ${secretId}\nThe secret is shown only once; keep it.`);
}

function showAccounts(accounts: AccountView[], { json }: AccountsOptions): void {
  const views = accounts.map(({ clientId, name, disabled, settings, createdAt }) => ({
    clientId,
    name,
    disabled,
    ...settings,
    createdAt: new Date(createdAt).toISOString(),
  }));
  if (json) return printJson({ accounts: views });
  if (views.length === 0) return printLine("No accounts yet: `prosopon accounts create`, or start a server.");
  printTable(
    views.map((view) => ({
      "client id": view.clientId,
      name: view.name,
      state: view.disabled ? "disabled" : "enabled",
      ...settingsCells({
        keep_crops: view.keepCrops,
        guard_quality: view.guardQuality,
        guard_mixed: view.guardMixed,
        guard_wrong_person: view.guardWrongPerson,
        guard_duplicate: view.guardDuplicate,
      }),
      made: view.createdAt.slice(0, 10),
    })),
  );
}
