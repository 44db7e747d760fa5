import { describe, expect, it } from "vitest";
import { defaultLimits } from "@prosopon/service";
import { settings } from "../src/config.ts";
import { form, FRANCK, login, photo } from "./api.ts";
import { cluster, madeAccount, noPostgres } from "./nodes.ts";

describe("--unfinished-jobs", () => {
  it("is what the service allows where it is not given", () => {
    expect(settings.unfinishedJobs.option().defaultValue).toBe(defaultLimits.unfinishedJobs);
  });

  it.skipIf(noPostgres !== undefined)(
    `bounds what an account may have waiting${noPostgres ? `: ${noPostgres}` : ""}`,
    async () => {
      // Without a worker, so that all wait.
      const node = await (await cluster()).node("api", ["--unfinished-jobs", "2"]);
      const api = await login(node.url, madeAccount([node]));
      const enrol = async () =>
        api.call(
          "POST",
          "/innovation-service/identity",
          form({ field: "input_images", blobs: [await photo(FRANCK[0]!)] }),
        );
      expect([(await enrol()).status, (await enrol()).status]).toEqual([200, 200]);
      expect(await enrol()).toMatchObject({
        status: 429,
        body: { message: expect.stringContaining("quota of 2 unfinished jobs") },
      });
      await node.stop();
    },
  );
});
