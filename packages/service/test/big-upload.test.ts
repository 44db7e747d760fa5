import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import sharp from "sharp";
import { afterAll, describe, expect, it } from "vitest";
import { eventually, photo } from "./fixture.ts";

const IDENTITY = "/innovation-service/identity";
const MEGABYTE = 1_000_000;
let child: ChildProcess | undefined;
let directory: string;

afterAll(async () => {
  child?.disconnect();
  if (child && child.exitCode === null) await once(child, "exit");
  await rm(directory, { recursive: true, force: true });
});

// Slow: some 15 s, and 2 GB of the temporary directory.
describe("an upload of 1.9 GB", () => {
  it("raises the process's memory by less than 100 MB, ends in a Failed job, and leaves nothing behind", async () => {
    directory = await mkdtemp(path.join(tmpdir(), "prosopon-big-"));
    child = fork(new URL("serve.ts", import.meta.url), [directory], {
      execArgv: ["--conditions=@prosopon/source"],
    });
    const died = once(child, "exit").then(([code]) =>
      Promise.reject(new Error(`the service ended with ${code}`)),
    );
    const [{ port, clientId, secretId }] = (await Promise.race([once(child, "message"), died])) as [
      { port: number; clientId: string; secretId: string },
    ];
    died.catch(() => {}); // expected at the end
    const memory = async (): Promise<{ rss: number; peak: number }> => {
      const answer = once(child!, "message");
      child!.send("memory");
      return (await answer)[0];
    };
    const call = async (method: string, route: string, body?: BodyInit, token?: string) =>
      (
        await fetch(`http://127.0.0.1:${port}${route}`, {
          method,
          ...(body && { body }),
          headers: token ? { authorization: `Bearer ${token}` } : {},
        })
      ).json();
    const { token } = await call("POST", "/login", JSON.stringify({ clientId, secretId }));

    // At work once before, so that what is measured is the upload and not the first use of everything.
    const form = new FormData();
    form.append("input_images", new Blob([new Uint8Array(await photo("audrey.jpg"))]));
    const first = await call("POST", IDENTITY, form, token);
    expect((await call("GET", `${IDENTITY}?job_id=${first.job_id}&wait=30`, undefined, token)).status).toBe(
      "Succeeded",
    );
    const before = await memory();

    // A PNG, then noise behind its end, which is not part of the picture.
    const png = await sharp({ create: { width: 640, height: 480, channels: 3, background: "#777" } })
      .png()
      .toBuffer();
    const head = Buffer.concat([
      Buffer.from('--b\r\nContent-Disposition: form-data; name="input_images"; filename="big.png"\r\n\r\n'),
      png,
    ]);
    const noise = Buffer.alloc(MEGABYTE, 0x5a);
    const upload = request({
      port,
      host: "127.0.0.1",
      path: IDENTITY,
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "multipart/form-data; boundary=b" },
    });
    const answered = once(upload, "response");
    upload.write(head);
    for (let sent = 0; sent < 1900; sent++) if (!upload.write(noise)) await once(upload, "drain");
    upload.end("\r\n--b--\r\n");
    const [response] = await answered;
    const text = (await response.toArray()).join("");
    expect(response.statusCode, text).toBe(200);
    const during = await memory();
    expect((during.peak - before.rss) / MEGABYTE).toBeLessThan(100);

    const job = await call("GET", `${IDENTITY}?job_id=${JSON.parse(text).job_id}&wait=30`, undefined, token);
    expect(job.status).toBe("Failed");
    expect(job.error).toMatch(/^image 1: /);
    const after = await memory();
    expect((after.peak - before.rss) / MEGABYTE).toBeLessThan(100);
    await eventually(() => readdir(path.join(directory, "blobs"))).toEqual([]);
    console.log(
      `1.9 GB upload: +${Math.round((during.peak - before.rss) / MEGABYTE)} MB while it came, +${Math.round((after.peak - before.rss) / MEGABYTE)} MB while its job ran`,
    );
  });
});
