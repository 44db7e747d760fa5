import { cp, mkdir, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { login, photoPath } from "./api.ts";
import { temporaryDirectory } from "./command.ts";
import { noStrace, watch, type Watched } from "./trace.ts";

const root = path.resolve(import.meta.dirname, "../../..");
const cli = path.join(root, "apps/server/dist/cli.js");
const NOTHING = { written: [], contacted: [] };

/** A person's machine, not CI, where much of what tells tales keeps silent; with an empty home directory. */
async function machine(): Promise<{ directory: string; home: string; env: NodeJS.ProcessEnv }> {
  const directory = await temporaryDirectory();
  const home = path.join(directory, "home");
  await mkdir(home);
  const hidden = /^(PROSOPON_|NODE_OPTIONS|VITEST|XDG_)|TELEMETRY|NOTIFIER|DO_NOT_TRACK|^(CI|TMPDIR)$/;
  const inherited = Object.entries(process.env).filter(([name]) => !hidden.test(name));
  return { directory, home, env: { ...Object.fromEntries(inherited), HOME: home } };
}

async function until(watched: Watched, pattern: RegExp): Promise<RegExpExecArray> {
  let over = false;
  void watched.ended.then(() => (over = true));
  for (;;) {
    const found = pattern.exec(watched.stdout());
    if (found) return found;
    if (over) throw new Error(`It ended before it said ${pattern}: ${watched.stdout()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe.skipIf(noStrace !== undefined)(
  `nothing leaves the machine${noStrace ? `: ${noStrace}` : ""}`,
  () => {
    it("while a server and its commands enrol and search, and its pages are opened", async () => {
      const { directory, home, env } = await machine();
      const [data, state, people] = ["data", "state", "people"].map((name) => path.join(directory, name)) as [
        string,
        string,
        string,
      ];
      await mkdir(path.join(people, "audrey"), { recursive: true });
      await cp(photoPath("audrey.jpg"), path.join(people, "audrey/1.jpg"));
      const run = async (...args: string[]) => {
        const watched = await watch([process.execPath, cli, ...args], { env, cwd: directory });
        expect({ args, code: await watched.ended, said: watched.stdout() }).toMatchObject({ args, code: 0 });
        expect({ args, ...(await watched.findings([data, state])) }).toEqual({ args, ...NOTHING });
      };

      const server = await watch(
        [process.execPath, cli, "serve", "--demo", "--json", "--port", "0", "--data", data],
        { env, cwd: directory },
      );
      const { url, clientId, secretId } = JSON.parse((await until(server, /^\{.*\}$/m))[0]) as Record<
        "url" | "clientId" | "secretId",
        string
      >;
      await run("enrol", people, "--url", url, "--data", data, "--state", state);
      await run("search", photoPath("audrey_crop.jpg"), "--url", url, "--data", data);
      await run("jobs", "list", "--url", url, "--data", data);
      const api = await login(url, { clientId, secretId });
      expect((await api.call("GET", "/v1/identities")).body.identities).toHaveLength(1);
      for (const page of ["/", "/graphql"]) {
        const html = await (await fetch(`${url}${page}`, { headers: { accept: "text/html" } })).text();
        expect(html).toContain("<script");
        // Nothing that a browser would fetch from elsewhere.
        expect(html).not.toMatch(/<(script|link|img|iframe)\b[^>]*\b(src|href)="?(https?:)?\/\//i);
      }
      await server.stop();
      expect(await server.findings([data])).toEqual(NOTHING);

      await run("doctor", "--data", data);
      await run("accounts", "list", "--data", data);
      await run("enrol", people, "--embedded", "--data", data, "--state", state);
      expect(await readdir(home)).toEqual([]);
      expect((await readdir(directory)).toSorted()).toEqual(["data", "home", "people", "state"]);
    });

    it("when the set-up commands build", async () => {
      const { directory, home, env } = await machine();
      const { scripts } = JSON.parse(await readFile(path.join(root, "package.json"), "utf8")) as {
        scripts: Record<string, string>;
      };
      const building = Object.values(scripts).flatMap(
        (script) => /^[^&]*\bturbo run[^&]*/.exec(script) ?? [],
      );
      expect(building).toHaveLength(4);
      const cache = path.join(directory, "cache");
      for (const script of new Set(building)) {
        // Dry: what is built is what the other tests run.
        const watched = await watch(["sh", "-c", `${script} --dry=json --cache-dir=${cache}`], {
          env: { ...env, PATH: `${path.join(root, "node_modules/.bin")}:${env["PATH"]}` },
          cwd: root,
        });
        expect({ script, code: await watched.ended }).toEqual({ script, code: 0 });
        expect({ script, ...(await watched.findings([root, cache])) }).toEqual({ script, ...NOTHING });
      }
      expect(await readdir(home)).toEqual([]);
    });

    it("while pages are developed", async () => {
      const { home, env } = await machine();
      const cwd = path.join(root, "examples/react-app");
      const vite = await watch(
        [
          process.execPath,
          path.join(cwd, "node_modules/vite/bin/vite.js"),
          "--port",
          "0",
          "--host",
          "127.0.0.1",
        ],
        { env: { ...env, NO_COLOR: "1" }, cwd },
      );
      const [, url = ""] = await until(vite, /(http:\/\/127\.0\.0\.1:\d+)/);
      expect(await (await fetch(url)).text()).toContain("/src/main.tsx");
      expect((await fetch(`${url}/src/main.tsx`)).status).toBe(200);
      await vite.stop();
      // V8's compiled code, which Vite has Node keep.
      const compiled = path.join(tmpdir(), "node-compile-cache");
      expect(await vite.findings([root, compiled])).toEqual(NOTHING);
      expect(await readdir(home)).toEqual([]);
    });
  },
);
