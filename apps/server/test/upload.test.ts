import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { form, login, photo, photoPath, type Json } from "./api.ts";
import { startServer, temporaryDirectory } from "./command.ts";
import { residentMemory } from "./memory.ts";

const MEGABYTE = 1_000_000;

describe("an upload of 1.9 GB", () => {
  it("raises the server's memory by less than 100 MB, ends cleanly, and the server goes on", async () => {
    const server = await startServer(await temporaryDirectory());
    const api = await login(server.url, server);
    const enrol = async () => {
      const { body } = await api.call(
        "POST",
        "/innovation-service/identity",
        form({ field: "input_images", blobs: [await photo("audrey.jpg")] }),
      );
      return (await api.end("/innovation-service/identity", body.job_id)).status;
    };
    // At rest means after some work: the first photo takes memory that stays.
    for (let warm = 0; warm < 3; warm += 1) expect(await enrol()).toBe("Succeeded");

    const before = residentMemory(server.pid);
    let peak = before;
    const sampling = setInterval(() => void (peak = Math.max(peak, residentMemory(server.pid))), 50);
    const answer = await uploadHuge(server.url, api.token, 1_900 * MEGABYTE);
    let end = "refused";
    if (answer.status === 200)
      end = (await api.end("/innovation-service/identity", answer.body.job_id)).status;
    clearInterval(sampling);

    const rise = (peak - before) / MEGABYTE;
    console.log(
      `1.9 GB: ${(before / MEGABYTE).toFixed(0)} MB resident before, +${rise.toFixed(0)} MB at the peak; answered ${answer.status}, ended ${end}`,
    );
    expect([answer.status, end]).toEqual([200, "Succeeded"]);
    expect(rise).toBeLessThan(100);
    expect(await enrol()).toBe("Succeeded");
    await server.stop();
  });
});

/** A form whose photo is a real one with noise behind its end, as phones append videos; sent as fast as the server takes it. */
async function uploadHuge(
  url: string,
  token: string,
  bytes: number,
): Promise<{ status: number; body: Json }> {
  const head = '--b\r\ncontent-disposition: form-data; name="input_images"; filename="huge.jpg"\r\n\r\n';
  const begin = await readFile(photoPath("audrey.jpg"));
  const tail = "\r\n--b--\r\n";
  const upload = request(`${url}/innovation-service/identity`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "multipart/form-data; boundary=b",
      "content-length": head.length + bytes + tail.length,
    },
  });
  const response = once(upload, "response") as Promise<[IncomingMessage]>;
  upload.write(head);
  upload.write(begin);
  const chunk = Buffer.alloc(1 << 20, 0x55);
  for (let left = bytes - begin.length; left > 0; left -= chunk.length) {
    if (!upload.write(chunk.subarray(0, Math.min(left, chunk.length)))) await once(upload, "drain");
  }
  upload.end(tail);
  const [answer] = await response;
  return { status: answer.statusCode!, body: JSON.parse(await text(answer)) };
}
