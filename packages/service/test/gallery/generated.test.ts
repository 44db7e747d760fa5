import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const run = promisify(execFile);

describe("generated modules", () => {
  it.each(["kernel.ts", "migrations.ts"])("are what build/%s makes of their sources", async (script) => {
    const path = join(import.meta.dirname, "../../build", script);
    await expect(run(process.execPath, [path, "--check"])).resolves.toMatchObject({ stderr: "" });
  });
});
