/**
 * One suite for every runtime, against a real server: nothing in it but the language, the web platform and the client.
 * `core` is the built module; `photos` the address of a folder with the photographs.
 */
export async function runSuite({ core, baseUrl, clientId, secretId, photos, log }) {
  const { createClient, isApiError, isAuthError, isTimeoutError } = core;
  const client = createClient({ baseUrl, clientId, secretId });
  const photo = async (name) => (await fetch(`${photos}/${name}`)).blob();
  const [franck1, franck2, franck3, audrey] = await Promise.all(
    ["franck_01829.jpg", "franck_02221.jpg", "franck_03909.jpg", "audrey.jpg"].map(photo),
  );
  const found = (state) => (state.matches ?? []).map((match) => match.identity_id);

  let passed = 0;
  let failed = 0;
  const it = async (promise, check) => {
    try {
      await check();
      passed += 1;
    } catch (error) {
      failed += 1;
      log(`not ok: ${promise}: ${error?.stack ?? error}`);
    }
  };
  const ok = (condition, message) => {
    if (!condition) throw new Error(message);
  };
  const equal = (actual, expected) =>
    ok(
      JSON.stringify(actual) === JSON.stringify(expected),
      `${JSON.stringify(actual)} is not ${JSON.stringify(expected)}`,
    );
  const thrown = async (work) => {
    try {
      await work();
    } catch (error) {
      return error;
    }
    throw new Error("nothing was thrown");
  };

  let franck;
  await it("tells what the server can do, logging in by itself", async () => {
    equal((await client.server()).name, "prosopon");
  });
  await it("throws AuthError for wrong credentials", async () => {
    const stranger = createClient({ baseUrl, clientId, secretId: "wrong" });
    ok(isAuthError(await thrown(() => stranger.server())), "not an AuthError");
  });
  await it("watches an enrolment from its present state to its end, each status once", async () => {
    const job = await client.identities.create({
      images: [franck1, franck2],
      externalId: "franck",
      metadata: { name: "Franck" },
    });
    const statuses = [];
    for await (const state of client.jobs.watch(job)) {
      statuses.push(state.status);
      franck = state.identityId;
    }
    equal(statuses.at(-1), "Succeeded");
    equal(new Set(statuses).size, statuses.length);
    ok(franck, "no identity id");
  });
  await it("reads, lists and changes an identity", async () => {
    const identity = await client.identities.get(franck);
    equal([identity.external_id, identity.metadata.name, identity.faces.length], ["franck", "Franck", 2]);
    equal(
      (await client.identities.list({ metadata: { name: "Franck" } })).items.map((item) => item.identity_id),
      [franck],
    );
    equal((await client.identities.update(franck, { metadata: { name: "F." } })).metadata.name, "F.");
  });
  await it("adds an image", async () => {
    await client.jobs.wait(await client.identities.addImages(franck, { images: [franck3] }));
    equal((await client.identities.get(franck)).faces.length, 3);
  });
  await it("searches with every kind of input", async () => {
    const bytes = new Uint8Array(await franck3.arrayBuffer());
    const { uploadId } = await client.uploads.create(franck3);
    for (const image of [
      franck3,
      new File([franck3], "me.jpg", { type: "image/jpeg" }),
      bytes,
      bytes.buffer,
      franck3.stream(),
      { uploadId },
    ]) {
      equal(found(await client.jobs.wait(await client.identities.search({ image, maxResult: 5 }))), [franck]);
    }
  });
  await it("recognises the man, and not a stranger", async () => {
    const recognise = async (image) =>
      (await client.jobs.wait(await client.identities.recognize(franck, { image }))).recognition.recognition;
    equal(await recognise(franck3), true);
    equal(await recognise(audrey), false);
  });
  await it("waits for many jobs at once", async () => {
    const states = await Promise.all(
      Array.from({ length: 6 }, async () =>
        client.jobs.wait(await client.identities.search({ image: franck1 })),
      ),
    );
    equal(
      states.map(found),
      states.map(() => [franck]),
    );
  });
  for (const [name, options] of [
    ["Server-Sent Events", { WebSocket: null }],
    ["a custom fetch", { fetch: (request) => fetch(request) }],
  ]) {
    await it("watches by " + name, async () => {
      const other = createClient({ baseUrl, clientId, secretId, ...options });
      equal(found(await other.jobs.wait(await other.identities.search({ image: franck1 }))), [franck]);
    });
  }
  await it("streams the account's events until the consumer leaves", async () => {
    const events = client.events.watch();
    const first = events.next();
    const waiting = new Promise((resolve) => setTimeout(resolve, 300));
    await waiting;
    const job = await client.identities.search({ image: franck1 });
    equal((await first).value.id, job.id);
    const next = events.next();
    await events.return();
    while (!(await next).done) break;
    await client.jobs.wait(job);
  });
  await it("throws ApiError 404 for an unknown job, 415 for what is not an image", async () => {
    equal((await thrown(() => client.jobs.get("none"))).status, 404);
    const error = await thrown(() =>
      client.identities.search({
        image: new TextEncoder().encode("this is not an image, only its name says so"),
      }),
    );
    ok(isApiError(error) && error.status === 415, "not an ApiError 415");
    ok(error.requestId, "no request id: is the header exposed?");
  });
  await it("passes the reason of an aborted signal on", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const watching = thrown(async () => {
      for await (const _ of client.jobs.watch(await client.identities.search({ image: franck1 }), {
        signal: controller.signal,
      }))
        controller.abort(reason);
    });
    ok((await watching) === reason, "another error than the reason");
  });
  await it("throws TimeoutError when the time is over", async () => {
    const silent = createClient({ baseUrl, token: "any", timeoutMs: 20, fetch: () => new Promise(() => {}) });
    ok(isTimeoutError(await thrown(() => silent.server())), "not a TimeoutError");
  });
  await it("deletes an identity, and says 404 afterwards", async () => {
    await client.identities.delete(franck);
    equal((await thrown(() => client.identities.get(franck))).status, 404);
    equal((await thrown(() => client.identities.delete([franck]))).status, 404);
  });
  await it("logs out and in again", async () => {
    await client.auth.logout();
    equal((await client.identities.list()).items, []);
  });
  return { passed, failed };
}
