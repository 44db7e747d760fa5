import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { buildSchema } from "graphql";
import { describe, expect, it } from "vitest";
import * as exported from "../src/index.ts";

const folder = path.resolve(import.meta.dirname, "..");

describe("the generated hooks", () => {
  it("are what the schema and the operations give", () => {
    execFileSync(process.execPath, [path.join(folder, "build/hooks.ts"), "--check"], { stdio: "pipe" });
  });

  it("cover every query, mutation and subscription, each by its name", () => {
    const schema = buildSchema(readFileSync(path.join(folder, "../graphql/schema.graphql"), "utf8"));
    const roots = {
      Query: schema.getQueryType(),
      Mutation: schema.getMutationType(),
      Subscription: schema.getSubscriptionType(),
    };
    const names = Object.entries(roots).flatMap(([kind, type]) =>
      Object.keys(type?.getFields() ?? {}).map(
        (field) => `use${field.charAt(0).toUpperCase()}${field.slice(1)}${kind}`,
      ),
    );
    expect(names.length).toBeGreaterThan(15);
    for (const name of names) expect(exported).toHaveProperty(name);
  });
});
