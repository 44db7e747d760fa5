import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { credentials, startS3, temporary } from "../../../tools/s3.ts";
import { form, FRANCK, login, photo } from "./api.ts";
import { run, startServer, temporaryDirectory } from "./command.ts";

const IDENTITY = "/innovation-service/identity";

describe("serve with images in object storage", () => {
  it("takes temporary credentials, in files too, works by them and logs none of them", async () => {
    const s3 = await startS3();
    const secrets = await temporaryDirectory();
    const file = async (name: string, text: string) => {
      await writeFile(join(secrets, name), `${text}\n`);
      return join(secrets, name);
    };
    const env = {
      PROSOPON_S3_ENDPOINT: s3.endpoint,
      PROSOPON_S3_REGION: temporary.region,
      PROSOPON_S3_ACCESS_KEY_ID_FILE: await file("id", temporary.accessKeyId),
      PROSOPON_S3_SECRET_ACCESS_KEY_FILE: await file("secret", temporary.secretAccessKey),
      PROSOPON_S3_SESSION_TOKEN_FILE: await file("token", temporary.sessionToken),
    };
    const data = await temporaryDirectory();
    const blobs = ["--blobs", `s3://${temporary.bucket}`];
    const server = await startServer(data, blobs, { env });
    const api = await login(server.url, server);
    const photos = form({ field: "input_images", blobs: [await photo(FRANCK[0]!)] });
    const { body } = await api.call("POST", IDENTITY, photos);
    expect(await api.end(IDENTITY, body.job_id)).toMatchObject({ status: "Succeeded" });
    await expect.poll(async () => (await s3.look()).keys).toEqual(["prosopon-place"]);

    // They end, as temporary ones do: nothing is lost meanwhile, and the new ones are found without a restart.
    await s3.revoke(temporary.accessKeyId);
    const enrol = () => api.call("POST", IDENTITY, photos);
    expect((await enrol()).status).toBe(503);
    await expect.poll(async () => (await fetch(`${server.url}/readyz`)).status).toBe(503);
    await file("id", credentials.accessKeyId);
    await file("secret", credentials.secretAccessKey);
    await expect.poll(async () => (await fetch(`${server.url}/readyz`)).status).toBe(200);
    const after = await enrol();
    expect(await api.end(IDENTITY, after.body.job_id)).toMatchObject({ status: "Succeeded" });
    const { stderr } = await server.stop();
    for (const secret of [temporary.secretAccessKey, temporary.sessionToken])
      expect(stderr).not.toContain(secret);

    await file("secret", "another one");
    const refused = await run(["serve", "--port", "0", "--data", data, ...blobs], { env });
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("refused GET in bucket images: 403"),
    });
    await s3.close();
  });
});
