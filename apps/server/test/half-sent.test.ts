import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { credentials, startS3 } from "../../../tools/s3.ts";
import { form, FRANCK, login, photo } from "./api.ts";
import { cluster, madeAccount, noPostgres } from "./nodes.ts";

const IDENTITY = "/innovation-service/identity";
/** Each below the 5 MiB that an object storage takes as a part: together 600 MB if they were kept. */
const SENDERS = 124;
const SENT = 4_900_000;

const noStatus = process.platform === "linux" ? undefined : "only Linux tells what a process held at most";

describe.skipIf(noPostgres !== undefined || noStatus !== undefined)(
  `images half-sent to an API node whose images are in object storage${noPostgres ?? noStatus ?? ""}`,
  () => {
    it("take no more than the memory that is documented, and others are served meanwhile", async () => {
      const s3 = await startS3();
      const { env } = s3;
      const nodes = await cluster({ blobs: `s3://${credentials.bucket}` });
      const api = await nodes.node("api", ["--uploads-at-once", "1000"], { env });
      const client = await login(api.url, madeAccount([api]));
      // A photograph of noise, which compresses badly: larger than what is sent of it.
      const [width, height] = [2_400, 1_800];
      const noise = Buffer.from(Array.from({ length: width * height * 3 }, () => Math.random() * 256));
      const image = await sharp(noise, { raw: { width, height, channels: 3 } })
        .jpeg({ quality: 100 })
        .toBuffer();
      expect(image.length).toBeGreaterThan(SENT);

      const boundary = "half";
      const before = `--${boundary}\r\nContent-Disposition: form-data; name="input_images"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n`;
      const { hostname, port } = new URL(api.url);
      const answers: number[] = [];
      const sockets: Socket[] = [];
      for (let at = 0; at < SENDERS; at++) {
        const socket = connect(Number(port), hostname);
        sockets.push(socket);
        await once(socket, "connect");
        socket.on("error", () => {});
        socket.on("data", (bytes: Buffer) =>
          answers.push(Number(/^HTTP\/1.1 (\d+)/.exec(bytes.toString())?.[1])),
        );
        socket.write(
          `POST ${IDENTITY} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${client.token}\r\nContent-Type: multipart/form-data; boundary=${boundary}\r\nContent-Length: ${image.length + 1_000}\r\n\r\n${before}`,
        );
        socket.write(image.subarray(0, SENT));
      }
      await sleep(4_000);
      const enrol = async () =>
        client.call("POST", IDENTITY, form({ field: "input_images", blobs: [await photo(FRANCK[0]!)] }));
      for (let at = 0; at < 5; at++) expect((await enrol()).status).toBe(200);
      expect(answers.filter((status) => status !== 503 && status !== 408)).toEqual([]);
      const status = await readFile(`/proc/${api.pid}/status`, "utf8");
      const peak = Number(/VmHWM:\s+(\d+) kB/.exec(status)![1]) * 1024;
      expect(peak).toBeLessThan(512 * 2 ** 20);
      for (const socket of sockets) socket.destroy();
      await api.stop();
      await s3.close();
    }, 120_000);
  },
);
