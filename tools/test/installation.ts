import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { manifestOf, published } from "../published.ts";

const root = path.resolve(import.meta.dirname, "../..");
const run = promisify(execFile);

export interface Installation {
  directory: string;
  /** The lowest Node that the packages say they need. */
  node: string;
  /** `npx prosopon serve`, once it is ready. */
  serve(environment: Record<string, string>): Promise<{ url: string; stop(): Promise<void> }>;
  environment: NodeJS.ProcessEnv;
  remove(): Promise<void>;
}

/** All published packages, packed and installed by npm without install scripts, in an empty folder outside the workspace, beside the lowest Node that they allow. */
export async function installPacked(): Promise<Installation> {
  const directory = await mkdtemp(path.join(tmpdir(), "prosopon-installed-"));
  const tarballs = path.join(directory, "tarballs");
  await mkdir(tarballs);
  const pnpm = path.join(root, "node_modules/.bin/pnpm");
  for (const folder of published)
    await run(pnpm, ["pack", "--pack-destination", tarballs], { cwd: path.join(root, folder) });
  const node = lowestNode();
  const packages = (await readdir(tarballs)).map((name) => path.join(tarballs, name));
  await writeFile(path.join(directory, "package.json"), '{ "private": true, "type": "module" }\n');
  const { npm_config_local_prefix: _, NODE_OPTIONS: __, ...inherited } = process.env;
  const options = ["--ignore-scripts", "--no-audit", "--no-fund"];
  await run("npm", ["install", ...options, `${node.name}@${node.version}`, ...packages], {
    cwd: directory,
    env: inherited,
  });

  const bin = path.join(directory, "node_modules", node.name, "bin");
  const environment = { ...inherited, PATH: `${bin}${path.delimiter}${process.env["PATH"]}` };
  return {
    directory,
    node: path.join(bin, "node"),
    environment,
    remove: () => rm(directory, { recursive: true, force: true, maxRetries: 3 }),
    async serve(settings) {
      const child = spawn("npx", ["prosopon", "serve", "--json", "--port", "0", "--data", "data"], {
        cwd: directory,
        env: { ...environment, ...settings },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const ended = once(child, "close");
      let errors = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
      const { value: line } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
      if (!line) throw new Error(`serve ended: ${errors}`);
      const { url, pid } = JSON.parse(line) as { url: string; pid: number };
      return {
        url,
        async stop() {
          process.kill(pid, "SIGTERM");
          await ended;
        },
      };
    },
  };
}

/** Node comes as one package for each platform; the root's manifest names them. */
function lowestNode(): { name: string; version: string } {
  const platform = `${process.platform}-${process.arch}`;
  const names = Object.keys(manifestOf(".").optionalDependencies ?? {});
  const name = names.find((one) => one.endsWith(platform));
  if (!name) throw new Error(`No package of Node for ${platform} is known.`);
  return { name, version: `${manifestOf("apps/server").engines?.node?.replace(">=", "")}.0` };
}
