import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { GraphQLObjectType } from "graphql";
import { schema } from "../src/index.ts";
import { atEnd } from "./fixture.ts";

const script = (name: string): string => fileURLToPath(new URL(`../build/${name}`, import.meta.url));
const run = (...args: string[]) =>
  spawnSync(process.execPath, ["--conditions=@prosopon/source", ...args], { encoding: "utf8" });

describe("schema.graphql", () => {
  it("is what the code says", () => {
    const { status, stderr } = run(script("schema.ts"), "--check");
    expect([status, stderr]).toEqual([0, ""]);
  });

  it("has the operations that were promised", () => {
    const names = (type: "Query" | "Mutation" | "Subscription"): string[] =>
      Object.keys((schema.getType(type) as GraphQLObjectType).getFields()).sort();
    expect(names("Query")).toEqual([
      "collection",
      "collections",
      "identities",
      "identity",
      "job",
      "jobs",
      "node",
      "nodes",
      "server",
      "viewer",
    ]);
    expect(names("Mutation")).toEqual([
      "addIdentityImages",
      "cancelJob",
      "compare",
      "createCollection",
      "createIdentity",
      "deleteCollection",
      "deleteFace",
      "deleteIdentities",
      "detect",
      "identify",
      "login",
      "logout",
      "recognizeIdentity",
      "refreshToken",
      "retryJob",
      "searchIdentities",
      "updateCollection",
      "updateIdentity",
    ]);
    expect(names("Subscription")).toEqual(["jobUpdated", "jobsUpdated"]);
  });

  it("is compared with an earlier one, and a field that went fails", async () => {
    const earlier = path.join(await mkdtemp(path.join(tmpdir(), "prosopon-schema-")), "schema.graphql");
    atEnd(() => rm(path.dirname(earlier), { recursive: true }));
    const now = await readFile(new URL("../schema.graphql", import.meta.url), "utf8");
    await writeFile(earlier, now);
    expect(run(script("breaking.ts"), "--against", earlier).status).toBe(0);
    await writeFile(earlier, now.replace("type Viewer {", "type Viewer {\n  shoeSize: Int"));
    const { status, stdout } = run(script("breaking.ts"), "--against", earlier);
    expect([status, stdout]).toEqual([
      1,
      expect.stringContaining("breaking      Field 'shoeSize' was removed from object type 'Viewer'"),
    ]);
  });
});
