import { Command } from "commander";
import { options, STORAGE_SETTINGS, type Values } from "../config.ts";
import { printJson, printLine } from "../print.ts";

type AdoptOptions = Values<(typeof STORAGE_SETTINGS)[number] | "json">;

export function blobsCommand(): Command {
  const blobs = new Command("blobs").description("the place where pending images are kept");
  const adopt = new Command("adopt")
    .description(
      "assign the place of --blobs to this database, whichever one it belonged to; with no node of either database running",
    )
    .action(adoptPlace);
  for (const option of options(...STORAGE_SETTINGS, "json")) adopt.addOption(option);
  return blobs.addCommand(adopt);
}

async function adoptPlace(values: AdoptOptions): Promise<void> {
  const [{ openStorage }, { openBlobs, whereOf }, { adopt }] = await Promise.all([
    import("../storage.ts"),
    import("../blobs.ts"),
    import("../place.ts"),
  ]);
  const storage = await openStorage(values, { exclusive: false });
  try {
    const blobs = await openBlobs(values, { shared: true });
    try {
      const where = whereOf(values);
      const [before, { id, name }] = [await adopt(storage, blobs, where), await storage.databaseId()];
      if (values.json) return printJson({ place: where, database: name, before: before?.name ?? null });
      printLine(
        before && before.id !== id
          ? `${where} belonged to ${before.name} and now belongs to ${name}. Nodes of ${before.name} take no more work.`
          : `${where} belongs to ${name}.`,
      );
    } finally {
      await blobs.close();
    }
  } finally {
    await storage.close();
  }
}
