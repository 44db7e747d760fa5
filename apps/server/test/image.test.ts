import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { run, startServer, temporaryDirectory } from "./command.ts";
import { readDockerfile, readText, repository } from "./manifests.ts";

const execute = promisify(execFile);

// Slow: some 50 s. It installs and builds everything once more, as the image's first stage does.
describe("the Dockerfile's commands", () => {
  it("give a folder that serves by itself", async () => {
    const [build = [], runtime = []] = await readDockerfile();
    const root = await temporaryDirectory();
    const source = join(root, "src");
    await mkdir(source);
    // What `COPY . .` copies: no more than git keeps.
    const files = "git ls-files -z --cached --others --exclude-standard | xargs -0 ls -d 2>/dev/null";
    await execute("sh", ["-c", `${files} | tar -c -T - | tar -x -C "$0"`, source], { cwd: repository });
    // No network in tests: the pnpm that is installed, and packages from its store.
    const { packageManager } = JSON.parse(await readText("package.json")) as { packageManager: string };
    const { NODE_ENV: _, NODE_OPTIONS: __, ...inherited } = process.env;
    const env = {
      ...inherited,
      PATH: `${join(repository, "node_modules/.bin")}:${process.env["PATH"]}`,
      pnpm_config_offline: "true",
      // The age of each version in the lockfile was checked when this repository was installed; that asks the registry.
      pnpm_config_minimum_release_age: "0",
    };
    const { stdout } = await execute("pnpm", ["--version"], { env, cwd: repository });
    expect(`pnpm@${stdout.trim()}`).toBe(packageManager);
    for (const { value } of build.filter(({ instruction }) => instruction === "RUN")) {
      const command = value.replace(/^--mount=\S+ /, "").replace(`npx -y ${packageManager}`, "pnpm");
      await execute("sh", ["-c", command], { cwd: source, env, maxBuffer: 2 ** 26 }).catch(
        (error: { stdout: string; stderr: string }) => {
          throw new Error(`${command}\n${error.stdout.slice(-3_000)}\n${error.stderr.slice(-3_000)}`);
        },
      );
    }
    await rm(source, { recursive: true });

    const copies = runtime.filter(({ instruction }) => instruction === "COPY").map(({ value }) => value);
    expect(copies).toEqual(["--from=build /runtime ./", "--from=build --chown=1000:1000 /data /data"]);
    expect(await readdir(join(root, "data"))).toEqual([]);
    const [entry] = runtime.filter(({ instruction }) => instruction === "ENTRYPOINT");
    const [program, script] = JSON.parse(entry!.value) as string[];
    expect(program).toBe("node");
    const cli = script!.replace(/^\/app/, join(root, "runtime"));

    const { version } = JSON.parse(await readText("apps/server/package.json")) as { version: string };
    expect(await run(["--version"], { cli })).toMatchObject({ code: 0, stdout: `${version}\n` });
    const server = await startServer(join(root, "data"), [], { cli });
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    expect(await (await fetch(server.url)).text()).toContain("<title>Prosopon");
    // As the image asks for its health.
    const [health] = runtime.filter(({ instruction }) => instruction === "HEALTHCHECK");
    const [, ...args] = JSON.parse(health!.value.replace(/^.*?CMD /, "")) as string[];
    const probe = execFile(process.execPath, args, { env: { PROSOPON_PORT: new URL(server.url).port } });
    expect((await once(probe, "exit"))[0]).toBe(0);
    expect((await server.stop()).code).toBe(0);
  });
});
