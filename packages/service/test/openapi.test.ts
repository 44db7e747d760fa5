import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { openApiDocument } from "../src/http/openapi/document.ts";
import { operations } from "../src/http/openapi/operations.ts";
import { routes } from "./url-table.ts";
import { start } from "./fixture.ts";

describe("the OpenAPI document", () => {
  it("describes the URL table, all of it and nothing else, with the same access", () => {
    const table = routes.map(
      ([method, path, access]) =>
        `${method} ${path} ${access === "open" && !["/token", "/logout"].includes(path)}`,
    );
    expect(operations.map(({ method, path, open }) => `${method} ${path} ${open ?? false}`).sort()).toEqual(
      table.sort(),
    );
  });

  it("is the committed one, and the served one", async () => {
    const committed = JSON.parse(
      await readFile(new URL("../../../docs/openapi.json", import.meta.url), "utf8"),
    );
    expect(openApiDocument()).toEqual(committed);
    const api = await start();
    expect((await api.call("GET", "/openapi.json", { token: null })).body).toEqual(committed);
  });

  it("refers only to schemas that it has", () => {
    const document = openApiDocument();
    const names = Object.keys((document["components"] as { schemas: object }).schemas);
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
      ([, name]) => name,
    );
    expect(refs.length).toBeGreaterThan(50);
    expect(refs.filter((name) => !names.includes(name!))).toEqual([]);
  });

  it("marks what is documented and what is ours", () => {
    for (const { path, api } of operations)
      expect(api, path).toBe(/^\/(login|token|logout|innovation-service)/.test(path) ? "documented" : "own");
  });
});
