import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command } from "commander";
import type { TransferOptions, TransferProgress, TransferReport } from "@prosopon/service/transfer";
import { options, type Values } from "../config.ts";
import { CommandError, UsageError } from "../errors.ts";
import { printJson, printLine, printTable } from "../print.ts";
import { createProgress } from "../progress.ts";

type MoveOptions = Values<"from" | "to" | "blobs" | "dryRun" | "json">;

export function migrateDataCommand(): Command {
  const command = new Command("migrate-data")
    .description(
      "move a data directory to an empty PostgreSQL database; after an interruption, the same command resumes",
    )
    .action(migrateData);
  for (const option of options("from", "to", "blobs", "dryRun", "json")) command.addOption(option);
  return command;
}

/** @throws CommandError when what arrived is not what was sent */
async function migrateData({ from, to, blobs, dryRun, json }: MoveOptions): Promise<void> {
  if (from === undefined)
    throw new UsageError("Which data? Give --from, the data directory that `serve` was given.");
  if (to === undefined)
    throw new UsageError(
      "Whereto? Give --to postgres://user:password@host:5432/name, or PROSOPON_DATABASE_URL.",
    );
  const [{ transferToPostgres }, { examinePostgres }, { PLACE, checkHeir }] = await Promise.all([
    import("@prosopon/service/transfer"),
    import("@prosopon/service/postgres"),
    import("../place.ts"),
  ]);
  const images = await openImages(from, blobs, dryRun);
  if (images)
    await checkHeir(images.store, images.name, (await examinePostgres({ url: to, secret: PLACE })).secret);
  const { advance, end } = createBar();
  let report: TransferReport;
  try {
    report = await transferToPostgres({ from, to, dryRun, onProgress: advance, ...(images && { images }) });
  } finally {
    end();
    await images?.store.close();
  }
  if (report.outcome === "moved" || report.outcome === "before") await handOver(from, to, blobs);
  if (json) printJson(report);
  else print(report, { from, imagesIn: blobs ?? join(resolve(from), "blobs") });
  if (report.outcome === "differs") {
    const wrong = report.tables.filter(({ differs }) => differs !== undefined);
    throw new CommandError(
      `What arrived is not what was sent: ${wrong.map(({ name, differs }) => `${name} from ${differs} on`).join(", ")}. No server will start on this database. Drop it, create it again, and move the data again.`,
    );
  }
}

/** The servers of the database find the place theirs. */
async function handOver(from: string, to: string, blobs: string | undefined): Promise<void> {
  const [{ openBlobs, whereOf }, { openStorage }, { inherit }] = await Promise.all([
    import("../blobs.ts"),
    import("../storage.ts"),
    import("../place.ts"),
  ]);
  const place = { data: from, ...(blobs !== undefined && { blobs }) };
  const storage = await openStorage({ data: from, databaseUrl: to }, { exclusive: false });
  const store = await openBlobs(place, { shared: true });
  try {
    await inherit(storage, store, whereOf(place));
  } finally {
    await store.close();
    await storage.close();
  }
}

/** Undefined where the images stay; a dry run makes no directory. */
async function openImages(
  from: string,
  blobs: string | undefined,
  dryRun: boolean,
): Promise<TransferOptions["images"]> {
  if (blobs === undefined || resolve(blobs) === join(resolve(from), "blobs")) return undefined;
  const [{ openBlobs }, { s3Options }] = await Promise.all([
    import("../blobs.ts"),
    import("../s3-options.ts"),
  ]);
  const remote = s3Options(blobs) !== undefined;
  if (dryRun && !remote && !existsSync(blobs)) return undefined;
  return {
    name: remote ? blobs : resolve(blobs),
    store: await openBlobs({ data: from, blobs }, { shared: true }),
  };
}

function createBar(): { advance(progress: TransferProgress): void; end(): void } {
  let bar: ReturnType<typeof createProgress> | undefined;
  return {
    advance({ stage, table, rows, total }) {
      bar ??= createProgress(total);
      bar.step(`${stage} ${table}`, rows);
    },
    end: () => bar?.end(),
  };
}

function print(report: TransferReport, { from, imagesIn }: { from: string; imagesIn: string }): void {
  const { outcome, found, tables, images, database, seconds } = report;
  printTable(
    tables.map(({ name, rows, source, target, differs }) => ({
      table: name,
      rows,
      "SHA-256 here": source.slice(0, 16),
      ...(target && {
        "rows there": target.rows,
        "SHA-256 there": target.sha256.slice(0, 16),
        "": differs === undefined ? "same" : `differs from ${differs} on`,
      }),
    })),
  );
  printLine(`pending images: ${images.count} (${images.bytes} bytes)`);
  printLine(`PostgreSQL ${database.postgresql}, pgvector ${database.pgvector}`);
  printLine();
  const faces = tables.find(({ name }) => name === "faces")!.rows;
  const next = `Start servers with --database-url and --blobs ${imagesIn}; keep ${from} until you are satisfied, but start no server on it again.`;
  if (outcome === "before") printLine(`All of ${from} was moved here before. ${next}`);
  if (outcome === "planned")
    printLine(
      found === "finished"
        ? `All of ${from} was moved here before.`
        : `This would be moved${found === "unfinished" ? ": a transfer of it has begun, and would be resumed" : ""}. Nothing was changed.`,
    );
  if (outcome === "moved")
    printLine(
      `Moved and checked in ${seconds.toFixed(1)} s${found === "unfinished" ? ", resuming an earlier run" : `: ${Math.round(faces / seconds)} faces a second`}. ${next}`,
    );
}
