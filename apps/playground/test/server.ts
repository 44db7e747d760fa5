import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

const server = path.resolve(import.meta.dirname, "../../server/dist");

/**
 * The built command with a demo account, as `pnpm start` runs it, on a free port. On an empty data directory that goes with
 * it, or on `kept`, which stays.
 */
export async function startServer(
  kept?: string,
): Promise<{ url: string; demoUrl: string; stop: () => Promise<void> }> {
  if (!existsSync(path.join(server, "playground/index.html"))) {
    throw new Error("These tests run the built command with the built page: build first (pnpm build).");
  }
  const data = kept ?? (await mkdtemp(path.join(tmpdir(), "prosopon-playground-")));
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(PROSOPON_|NODE_OPTIONS|VITEST)/.test(name),
  );
  const args = ["serve", "--demo", "--json", "--port", "0", "--data", data, "--threads", "1"];
  const child = spawn(process.execPath, [path.join(server, "cli.js"), ...args], {
    env: Object.fromEntries(inherited),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const ended = once(child, "close");
  const line = await new Promise<string>((resolve, reject) => {
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (more: string) => {
      text += more;
      const end = text.indexOf("\n");
      if (end >= 0) resolve(text.slice(0, end));
    });
    void ended.then(() => reject(new Error(`serve ended: ${errors}`)));
  });
  return {
    ...(JSON.parse(line) as { url: string; demoUrl: string }),
    async stop() {
      child.kill("SIGTERM");
      await ended;
      if (kept === undefined) await rm(data, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
