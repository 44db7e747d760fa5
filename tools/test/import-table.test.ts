import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");
const run = promisify(execFile);
const probes: string[] = [];

/** Lints one file that exists only for the moment, where the table applies to it. */
async function lint(folder: string, imported: string): Promise<{ ok: boolean; output: string }> {
  const directory = path.join(root, folder);
  const source = `import * as other from "${imported}";\nexport const used = other;\n`;
  const file = path.join(directory, `lint-probe-${process.pid}-${probes.length}.ts`);
  probes.push(file);
  await mkdir(directory, { recursive: true });
  await writeFile(file, source);
  try {
    const { stdout } = await run(path.join(root, "node_modules/.bin/oxlint"), [file], { cwd: root });
    return { ok: true, output: stdout };
  } catch (error) {
    return { ok: false, output: String((error as { stdout?: string }).stdout) };
  } finally {
    await rm(file, { force: true });
  }
}

afterAll(async () => {
  await Promise.all(probes.map((file) => rm(file, { force: true })));
});

describe("the import table", () => {
  it.each([
    ["packages/core", "@prosopon/engine"],
    ["packages/core", "node:fs"],
    ["packages/core", "../../service/src/index.ts"],
    ["packages/models", "@prosopon/engine"],
    ["packages/engine", "@prosopon/core"],
    ["packages/engine", "onnxruntime-node"],
    ["packages/service", "@prosopon/core"],
    ["packages/service", "@prosopon/models"],
    ["packages/graphql", "@prosopon/service"],
    ["packages/graphql", "@prosopon/service/sqlite"],
    ["packages/react-hooks", "@prosopon/core"],
    ["apps/playground", "@prosopon/core"],
    ["apps/playground", "urql"],
  ])("refuses %s importing %s", async (folder, name) => {
    const { ok, output } = await lint(`${folder}/src`, name);
    expect(ok).toBe(false);
    expect(output).toContain("no-restricted-imports");
  });

  it.each([
    ["packages/engine", "@prosopon/models"],
    ["packages/service", "@prosopon/core/contract"],
    ["packages/service", "@prosopon/engine"],
    ["packages/graphql", "@prosopon/core"],
    ["apps/playground", "@prosopon/react-hooks"],
    ["apps/server", "@prosopon/service"],
  ])("lets %s import %s", async (folder, name) => {
    const { output } = await lint(`${folder}/src`, name);
    expect(output).not.toContain("no-restricted-imports");
  });
});

describe("the layers of the service", () => {
  it.each([
    ["jobs/kinds", "../../http/problem.ts"],
    ["jobs", "../service.ts"],
    ["auth", "../http/problem.ts"],
    ["blobs", "../jobs/fault.ts"],
    ["matching", "../storage/types.ts"],
    ["storage/postgres/jobs", "../../../jobs/fault.ts"],
    ["storage/sqlite", "../../index.ts"],
    ["http/routes/v1", "../../../service.ts"],
    ["jobs", "@prosopon/core"],
  ])("refuse %s importing %s", async (folder, name) => {
    const { ok, output } = await lint(`packages/service/src/${folder}`, name);
    expect(ok).toBe(false);
    expect(output).toContain("no-restricted-imports");
  });

  it.each([
    ["jobs/kinds", "../../errors/input-error.ts"],
    ["storage/postgres/identities", "../jobs/end.ts"],
    ["http/routes/v1", "../../../jobs/quota.ts"],
    ["matching", "../limits.ts"],
    ["events", "@prosopon/core/contract"],
  ])("let %s import %s", async (folder, name) => {
    const { output } = await lint(`packages/service/src/${folder}`, name);
    expect(output).not.toContain("no-restricted-imports");
  });
});
