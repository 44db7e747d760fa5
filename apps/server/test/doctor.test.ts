import { cp, mkdir, open, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { run, startServer, temporaryDirectory } from "./command.ts";

interface Report {
  healthy: boolean;
  checks: { name: string; state: string; detail: string; fix?: string }[];
}

const server = join(import.meta.dirname, "..");

describe("doctor", () => {
  it("finds a sound installation sound, beside a running server, and times a recognition", async () => {
    const data = await temporaryDirectory();
    const running = await startServer(data);
    const { code, stdout } = await run(["doctor", "--data", data, "--json"]);
    const { healthy, checks } = JSON.parse(stdout) as Report;
    expect({ code, healthy }).toEqual({ code: 0, healthy: true });
    expect(checks.filter(({ state }) => state === "fail")).toEqual([]);
    expect(checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        "node",
        "threads",
        "memory",
        "data",
        "disk",
        "integrity",
        "model: detection",
        "model: landmarks",
        "model: embedding",
        "self-test",
      ]),
    );
    expect(checks.find(({ name }) => name === "self-test")!.detail).toMatch(
      /cosine [01]\.\d+; \d+ ms to load and recognise, then \d+ ms a photo/,
    );
    await running.stop();
  });

  it("detects a weight file of which one byte was changed", async () => {
    const cli = await copyInstallation();
    const weights = join(dirname(dirname(cli)), "node_modules/@prosopon/models/weights/sface.onnx");
    const file = await open(weights, "r+");
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, 1_000_000);
    await file.write(Buffer.from([byte[0]! ^ 1]), 0, 1, 1_000_000);
    await file.close();

    const { code, stdout } = await run(["doctor", "--data", await temporaryDirectory(), "--json"], { cli });
    const { healthy, checks } = JSON.parse(stdout) as Report;
    expect({ code, healthy }).toEqual({ code: 1, healthy: false });
    const failed = checks.filter(({ state }) => state === "fail");
    expect(failed.map(({ name }) => name)).toEqual(["model: embedding", "self-test"]);
    expect(failed[0]!.detail).toContain("sface.onnx");
    expect(failed[0]!.fix).toContain("Install prosopon again");

    const serve = await run(["serve", "--port", "0", "--data", await temporaryDirectory()], { cli });
    expect(serve.code).toBe(1);
    expect(serve.stderr).toContain("prosopon doctor");
  });

  it("detects a damaged database", async () => {
    const data = await temporaryDirectory();
    await (await startServer(data)).stop();
    const file = await open(join(data, "prosopon.db"), "r+");
    await file.write(Buffer.alloc(4096, 0xa5), 0, 4096, 3 * 4096);
    await file.close();
    const { code, stdout } = await run(["doctor", "--data", data]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/integrity +fail/);
    expect(stdout).toContain("back-up");
  });
});

/** The command with an engine and weights of its own, as an install has them; the other packages are linked. */
async function copyInstallation(): Promise<string> {
  const root = await temporaryDirectory();
  const from = join(server, "node_modules");
  const copy = async (name: string) => {
    const source = dirname(fileURLToPath(import.meta.resolve(`${name}/package.json`)));
    const target = join(root, "node_modules", name);
    await cp(source, target, {
      recursive: true,
      filter: (path) => !/[\\/](node_modules|src|test)([\\/]|$)/.test(path.slice(source.length)),
    });
    return { source, target };
  };
  await mkdir(join(root, "node_modules/@prosopon"), { recursive: true });
  await cp(join(server, "dist"), join(root, "dist"), { recursive: true });
  await cp(join(server, "package.json"), join(root, "package.json"));
  await copy("@prosopon/models");
  const engine = await copy("@prosopon/engine");
  for (const name of ["onnxruntime-node", "sharp"])
    await symlink(join(engine.source, "node_modules", name), join(root, "node_modules", name));
  for (const name of [
    "@hono",
    "@prosopon/core",
    "@prosopon/service",
    "@prosopon/graphql",
    "commander",
    "hono",
    "pino",
    "string-width",
    "valibot",
  ]) {
    await symlink(join(from, name), join(root, "node_modules", name));
  }
  return join(root, "dist/cli.js");
}
