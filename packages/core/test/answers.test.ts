import { beforeAll, describe, expect, it } from "vitest";
import { createClient } from "../src/index.ts";
import { photo, type RealService, start } from "./real-service.ts";

const blob = async (name: string) => new Blob([new Uint8Array(await photo(name))]);
const [franck, later, audrey] = await Promise.all(
  ["franck_01829.jpg", "franck_04000.jpg", "audrey.jpg"].map(blob),
);

describe("one call for a job and its end", () => {
  let fixture: RealService;
  beforeAll(async () => {
    fixture = await start();
    await fixture.service.ready();
  });

  /** A client, and what it has asked for; requests pass through `change` on their way. */
  function seeing(change: (url: URL) => URL = (url) => url) {
    const seen: string[] = [];
    const client = createClient({
      ...fixture,
      fetch: (request) => {
        const url = change(new URL(request.url));
        if (!/login|server|events/.test(url.pathname)) seen.push(`${request.method} ${url.pathname}`);
        return fixture.service.fetch(new Request(url, request));
      },
    });
    return { client, seen };
  }

  it("is one request where the server can hold the answer to what starts a job", async () => {
    const { client, seen } = seeing();
    const { identityId } = await client.jobs.wait(await client.identities.create({ images: [franck!] }));
    seen.length = 0;
    const { detail, ...state } = await client.identify({ image: later!, maxCandidates: 1 });
    expect(state).toMatchObject({ kind: "identify", status: "Succeeded", done: true });
    expect(detail).toMatchObject({ result: { faces: [{ identity_id: identityId }] } });
    expect((await client.compare({ images: [franck!, later!] })).detail).toMatchObject({
      result: { faces: [{ decision: "match" }] },
    });
    expect((await client.detect({ image: audrey! })).detail).toMatchObject({ result: { faces: [{}] } });
    expect(seen).toEqual(["POST /v1/identify", "POST /v1/compare", "POST /v1/detect"]);
  });

  it("searches and recognises", async () => {
    const { client, seen } = seeing();
    const { identityId } = await client.jobs.wait(await client.identities.create({ images: [audrey!] }));
    seen.length = 0;
    expect((await client.search({ image: audrey! })).matches).toMatchObject([{ identity_id: identityId }]);
    expect((await client.recognize({ identityId: identityId!, image: audrey! })).recognition).toMatchObject({
      recognition: true,
    });
    expect(seen).toEqual(["POST /v1/search", "POST /v1/recognize"]);
  });

  it("waits on for a job that has not ended with the answer to its start", async () => {
    const { client, seen } = seeing((url) => {
      if (url.searchParams.get("wait") === "25") url.searchParams.set("wait", "0");
      return url;
    });
    expect(await client.detect({ image: audrey! })).toMatchObject({ status: "Succeeded" });
    expect(seen[0]).toBe("POST /v1/detect");
    expect(seen.filter((request) => request.startsWith("POST"))).toHaveLength(1);
    expect(seen.length).toBeGreaterThan(1);
  });

  it("throws JobFailedError for a job that failed", async () => {
    const sharp = await blob("sample1.jpg");
    const { client } = seeing();
    // A PNG of one pixel: an image, but of nobody.
    const empty = Uint8Array.from(
      atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABc3UBGAAAAABJRU5ErkJggg=="),
      (letter) => letter.charCodeAt(0),
    );
    await expect(client.compare({ images: [sharp, empty] })).rejects.toMatchObject({
      name: "JobFailedError",
      reason: expect.stringMatching(/image 2/),
    });
  });

  it("does what it can on a server with only the documented routes", async () => {
    const { client } = seeing((url) =>
      /^\/(login|innovation-service)/.test(url.pathname) ? url : new URL("/none", url),
    );
    expect(await client.search({ image: audrey! })).toMatchObject({ kind: "search", status: "Succeeded" });
    for (const call of [
      client.detect({ image: audrey! }),
      client.search({ image: audrey!, collection: "staff" }),
    ])
      await expect(call).rejects.toMatchObject({ status: 501 });
  });
});
