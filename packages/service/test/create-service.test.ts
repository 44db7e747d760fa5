import { expect, it } from "vitest";
import { createService, type ServiceOptions } from "../src/index.ts";

const create = createService as (options?: Partial<ServiceOptions>) => unknown;

it("says what createService lacks, and where to get it", () => {
  expect(() => create()).toThrow(
    "createService needs storage, blobs, engine; missing: storage, blobs, engine. Pass `storage`, from openSqliteStorage of @prosopon/service/sqlite, or openPostgresStorage of @prosopon/service/postgres. Pass `blobs`, from openLocalBlobs of @prosopon/service, or openS3Blobs of @prosopon/service/s3. Pass `engine`, from createEngine of @prosopon/engine.",
  );
});

it("names only what is missing", () => {
  const blobs = {} as ServiceOptions["blobs"];
  expect(() => create({ blobs })).toThrow("missing: storage, engine. Pass `storage`");
});
