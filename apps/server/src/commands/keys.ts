import { Command } from "commander";
import { options, STORAGE_SETTINGS, type Values } from "../config.ts";
import { printJson, printLine } from "../print.ts";

type RotateOptions = Values<(typeof STORAGE_SETTINGS)[number] | "atOnce" | "json">;

export function keysCommand(): Command {
  const keys = new Command("keys").description("the key that signs access tokens");
  const rotate = new Command("rotate")
    .description("create a new key; tokens signed with the previous one stay valid until they expire")
    .action(rotateKey);
  for (const option of options(...STORAGE_SETTINGS, "atOnce", "json")) rotate.addOption(option);
  return keys.addCommand(rotate);
}

async function rotateKey(values: RotateOptions): Promise<void> {
  const [{ openStorage }, { rotateSigningKey }] = await Promise.all([
    import("../storage.ts"),
    import("@prosopon/service"),
  ]);
  const storage = await openStorage({ ...values, create: false }, { exclusive: false });
  try {
    const { kid, forgotten, ended } = await rotateSigningKey(storage, { atOnce: values.atOnce });
    if (values.json) return printJson({ key: kid, forgotten, ended });
    printLine(`A new key now signs tokens on every node: ${kid}`);
    if (values.atOnce)
      printLine(
        `The earlier keys are forgotten, and all sessions have ended (${ended}): everybody must log in again. Open event streams end within 15 seconds.`,
      );
    else if (forgotten > 0) printLine(`${forgotten} older, whose tokens have all expired, forgotten.`);
  } finally {
    await storage.close();
  }
}
