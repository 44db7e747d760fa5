import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { createApart, NotApartError } from "../src/threads/apart.ts";
import { createEngine, isImageError } from "../src/index.ts";
import { portrait } from "./photos.ts";

/** The process of this one's children, or an image's name tells it what to do. */
const fragile = new URL("fragile-process.ts", import.meta.url);

describe("an image that is analysed apart", () => {
  it("gets the same answer as any other, from a process that goes when the engine closes", async () => {
    const engine = createEngine({ threads: 1 });
    const [apart, bytes, other] = await Promise.all([
      engine.analyse({ path: portrait }, { apart: true }),
      engine.analyse(new Uint8Array(await readFile(portrait)), { apart: true, embed: "all", crop: true }),
      engine.analyse({ path: portrait }),
    ]);
    expect(apart).toEqual(other);
    expect(bytes.faces[0]!.crop).toBeInstanceOf(Uint8Array);
    await expect(engine.analyse(new Uint8Array(9), { apart: true })).rejects.toSatisfy(isImageError);
    await engine.close();
    await expect(engine.analyse({ path: portrait }, { apart: true })).rejects.toThrow("closed");
  });

  it.each(["SIGSEGV", "SIGKILL", "exit"])(
    "is to blame when that process ends over it (%s), and the next one gets a new process",
    async (how) => {
      const apart = createApart(fragile, {});
      const results = await Promise.allSettled(["fine", how, "fine"].map((path) => apart.run({ path }, {})));
      expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
      const { reason } = results[1] as PromiseRejectedResult;
      expect(reason).toMatchObject({ name: "ImageError", code: "fatal" });
      expect(reason.message).toContain(how === "exit" ? "exit code 7" : how);
      const [first, , last] = results.map((result) =>
        result.status === "fulfilled" ? result.value.width : 0,
      );
      expect(last).not.toBe(first);
      await apart.close();
    },
  );

  it("is not to blame for a process that never was ready for it", async () => {
    const apart = createApart(fragile, { maxPixels: 0 });
    const error: unknown = await apart.run({ path: "fine" }, {}).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NotApartError);
    await apart.close();
  });

  it("has the process for itself, and gives it up at once when it is aborted", async () => {
    const apart = createApart(fragile, {});
    const abort = new AbortController();
    const first = apart.run({ path: "hang" }, { signal: abort.signal });
    const second = apart.run({ path: "fine" }, {});
    expect(await Promise.race([second, new Promise((resolve) => setTimeout(resolve, 500, "waits"))])).toBe(
      "waits",
    );
    abort.abort(new Error("changed my mind"));
    await expect(first).rejects.toThrow("changed my mind");
    // How many the process had before: a new one.
    expect((await second).height).toBe(0);
    await apart.close();
  });
});
