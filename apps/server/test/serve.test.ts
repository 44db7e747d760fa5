import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { form, FRANCK, login, photo } from "./api.ts";
import { begin, run, startServer, temporaryDirectory } from "./command.ts";

const IDENTITY = "/innovation-service/identity";

describe("serve, first start", () => {
  it("prints the new account's client id and secret once, on stdout and not in the log", async () => {
    const data = await temporaryDirectory();
    const first = await startServer(data);
    expect(first.clientId).toMatch(/^[A-Za-z0-9._-]{20,}$/);
    expect(first.secretId).toMatch(/^[A-Za-z0-9._-]{40,}$/);
    await login(first.url, first);
    const { stderr } = await first.stop();
    expect(stderr).not.toContain(first.secretId);

    const second = await startServer(data);
    expect(second).not.toHaveProperty("clientId");
    expect(second).not.toHaveProperty("secretId");
    await login(second.url, first);
    await second.stop();
  });

  it("takes the first account's credentials from the environment", async () => {
    const data = await temporaryDirectory();
    const env = { PROSOPON_CLIENT_ID: "door", PROSOPON_SECRET_ID: "open" };
    const server = await startServer(data, [], { env });
    await login(server.url, { clientId: "door", secretId: "open" });
    await server.stop();

    const again = await startServer(data, [], { env });
    await login(again.url, { clientId: "door", secretId: "open" });
    await again.stop();

    const wrong = await run(["serve", "--port", "0", "--data", data], {
      env: { ...env, PROSOPON_SECRET_ID: "shut" },
    });
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain("exists with a secret other than PROSOPON_SECRET_ID");
    expect(wrong.stderr).not.toContain("shut");
  });

  it("listens before it is ready, and says so", async () => {
    const data = await temporaryDirectory();
    const port = await freePort();
    const { child, outcome, ended } = begin(["serve", "--port", String(port), "--data", data]);
    const seen = new Set<number>();
    while (!seen.has(200)) {
      const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
      if (answer) seen.add(answer.status);
    }
    expect([...seen]).toEqual([503, 200]);
    child.kill("SIGTERM");
    await ended;
    expect(outcome.stdout).toContain(`http://127.0.0.1:${port}`);
  });
});

describe("serve, over HTTP", () => {
  it("enrols two people, finds and recognises them, and forgets the deleted one", async () => {
    const server = await startServer(await temporaryDirectory());
    const api = await login(server.url, server);
    const enrol = async (...names: string[]): Promise<string> => {
      const { status, body } = await api.call(
        "POST",
        IDENTITY,
        form({ field: "input_images", blobs: await Promise.all(names.map(photo)) }),
      );
      expect({ status, keys: Object.keys(body) }).toEqual({ status: 200, keys: ["job_id"] });
      const end = await api.end(IDENTITY, body.job_id);
      expect(end.status).toBe("Succeeded");
      return end.identity_id;
    };
    const franck = await enrol(FRANCK[0]!, FRANCK[1]!);
    const audrey = await enrol("audrey.jpg", "audrey_crop.jpg");
    expect(audrey).not.toBe(franck);

    const search = async (name: string) => {
      const { body } = await api.call(
        "POST",
        `${IDENTITY}/search`,
        form({ field: "input_image", blobs: [await photo(name)] }, { max_result: "5" }),
      );
      return (await api.end(`${IDENTITY}/search`, body.job_id)).results;
    };
    expect(await search(FRANCK[2]!)).toEqual([
      { identity_id: franck, score: expect.toSatisfy((score: number) => score >= 0.95) },
    ]);

    const recognize = async (name: string, identity: string) => {
      const { body } = await api.call(
        "POST",
        `${IDENTITY}/recognize`,
        form({ field: "input_image", blobs: [await photo(name)] }, { identity_id: identity }),
      );
      return (await api.end(`${IDENTITY}/recognize`, body.job_id)).results;
    };
    expect(await recognize(FRANCK[3]!, franck)).toMatchObject({ identity_id: franck, recognition: true });
    expect(await recognize(FRANCK[3]!, audrey)).toMatchObject({ identity_id: audrey, recognition: false });

    expect((await api.call("DELETE", `${IDENTITY}?identity_id=${franck}`)).status).toBe(204);
    expect(await search(FRANCK[2]!)).toEqual([]);
    expect((await api.call("DELETE", `${IDENTITY}?identity_id=${franck}`)).status).toBe(404);
    await server.stop();
  });

  it("keeps people, jobs and accounts over a restart", async () => {
    const data = await temporaryDirectory();
    const first = await startServer(data);
    const before = await login(first.url, first);
    const { body } = await before.call(
      "POST",
      IDENTITY,
      form({ field: "input_images", blobs: [await photo(FRANCK[0]!)] }),
    );
    const { identity_id } = await before.end(IDENTITY, body.job_id);
    await first.stop();

    const second = await startServer(data);
    const after = await login(second.url, first);
    expect(await after.end(IDENTITY, body.job_id)).toEqual({ status: "Succeeded", identity_id });
    const search = await after.call(
      "POST",
      `${IDENTITY}/search`,
      form({ field: "input_image", blobs: [await photo(FRANCK[1]!)] }),
    );
    expect((await after.end(`${IDENTITY}/search`, search.body.job_id)).results[0].identity_id).toBe(
      identity_id,
    );
    await second.stop();
  });
});

describe("serve, shutdown", () => {
  it("ends with 0 on SIGTERM; a job acknowledged just before is done by the next start", async () => {
    const data = await temporaryDirectory();
    const server = await startServer(data);
    const api = await login(server.url, server);
    const started = await Promise.all(
      FRANCK.map(async (name) =>
        api.call("POST", IDENTITY, form({ field: "input_images", blobs: [await photo(name)] })),
      ),
    );
    const { code, stderr } = await server.stop();
    expect(code).toBe(0);
    expect(stderr).not.toContain('"level":50');

    const next = await startServer(data);
    const again = await login(next.url, server);
    for (const { body } of started) expect((await again.end(IDENTITY, body.job_id)).status).toBe("Succeeded");
    expect((await again.call("GET", "/v1/identities")).body.identities).toHaveLength(FRANCK.length);
    await next.stop();
  });

  it("is over before a supervisor would kill it, whatever streams and connections are open", async () => {
    const server = await startServer(await temporaryDirectory());
    const { token } = await login(server.url, server);
    const stream = await fetch(`${server.url}/v1/events`, {
      headers: { accept: "text/event-stream", authorization: `Bearer ${token}` },
    });
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/v1/events?token=${token}`);
    await new Promise((resolve) => socket.addEventListener("open", resolve));
    const begun = performance.now();
    const { code } = await server.stop();
    expect(code).toBe(0);
    // Docker and systemd's common settings kill after 10 s.
    expect(performance.now() - begun).toBeLessThan(10_000);
    await stream.text().catch(() => {});
  });

  it.each(["/v1/events", "/graphql"])(
    "waits for no WebSocket at %s that never says who it is nor answers the close",
    async (path) => {
      const server = await startServer(await temporaryDirectory());
      const deaf = connect(Number(new URL(server.url).port), "127.0.0.1").on("error", () => {});
      deaf.write(
        `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n`,
      );
      const [answer] = (await once(deaf, "data")) as [Buffer];
      expect(answer.toString()).toContain("101 Switching Protocols");
      const begun = performance.now();
      expect((await server.stop()).code).toBe(0);
      expect(performance.now() - begun).toBeLessThan(10_000);
    },
  );

  it("ends at once on a second signal", async () => {
    const server = await startServer(await temporaryDirectory());
    const { token } = await login(server.url, server);
    // An upload that goes on for ever keeps the first signal waiting.
    const part = Buffer.from(
      '--b\r\ncontent-disposition: form-data; name="input_image"; filename="a.jpg"\r\n\r\n',
    );
    const head = Buffer.concat([part, Buffer.from(await (await photo("audrey.jpg")).arrayBuffer())]);
    const endless = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(head),
      async pull(controller) {
        controller.enqueue(new Uint8Array(1024));
        await new Promise((resolve) => setTimeout(resolve, 50));
      },
    });
    const headers = { authorization: `Bearer ${token}`, "content-type": "multipart/form-data; boundary=b" };
    const upload = fetch(`${server.url}/v1/uploads`, {
      method: "POST",
      headers,
      body: endless,
      duplex: "half",
    } as RequestInit).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 300));
    server.kill("SIGTERM");
    // The same press again, as npm and its like pass it on, is no second signal.
    server.kill("SIGTERM");
    await new Promise((resolve) => setTimeout(resolve, 700));
    const begun = performance.now();
    server.kill("SIGTERM");
    expect((await server.ended).code).toBe(143);
    // The first signal alone would have given the upload five more.
    expect(performance.now() - begun).toBeLessThan(4_000);
    await upload;
  });
});

describe("serve, refusals", () => {
  it("says which port is in use and what to do", async () => {
    const blocker = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => blocker.once("listening", resolve));
    const { port } = blocker.address() as AddressInfo;
    const { code, stderr } = await run([
      "serve",
      "--port",
      String(port),
      "--data",
      await temporaryDirectory(),
    ]);
    blocker.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`Port ${port} of 127.0.0.1 is in use`);
    expect(stderr).toContain("--port");
  });

  it("refuses a data directory that another server has", async () => {
    const data = await temporaryDirectory();
    const server = await startServer(data);
    const { code, stderr } = await run(["serve", "--port", "0", "--data", data]);
    expect(code).toBe(1);
    expect(stderr).toContain("in use by another Prosopon server");
    await server.stop();
  });

  it("closes a socket that asks for an unknown path", async () => {
    const server = await startServer(await temporaryDirectory());
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/nowhere`);
    const outcome = await new Promise((resolve) => {
      socket.addEventListener("open", () => resolve("open"));
      socket.addEventListener("error", () => resolve("refused"));
    });
    expect(outcome).toBe("refused");
    await server.stop();
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
