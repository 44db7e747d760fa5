import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launchBrowser } from "../../../tools/browser.ts";
import { photo, start } from "./fixture.ts";

let site: Awaited<ReturnType<typeof start>>;
let browser: Browser;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  [site, browser] = await Promise.all([start(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await site?.stop();
});

beforeEach(async () => {
  page = await browser.newPage();
  page.setDefaultTimeout(120_000);
  complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
});
afterEach(() => page.close());

const press = (name: string) => page.getByRole("button", { name, exact: true }).click();
const shows = (id: string, text: RegExp) =>
  expect.poll(() => page.locator(`#${id}`).textContent()).toMatch(text);
const choose = (...names: string[]) => page.locator("input").setInputFiles(names.map(photo));
const log = () => page.evaluate(() => (window as unknown as { log: string[] }).log);

async function signIn(more?: Record<string, string>) {
  await page.goto(site.address(more));
  await press("sign in");
  await shows("session", /^in$/);
}

async function enrol(...names: string[]) {
  await choose(...names);
  await press("enrol");
  await shows("enrolment", /^succeeded/);
}

describe("useSession", () => {
  it("says why credentials were refused, and stays signed out", async () => {
    await page.goto(site.address({ secret: "wrong" }));
    await press("sign in");
    await shows("problem", /\w/);
    await shows("session", /^out$/);
  });

  it("says that the server is out of reach", async () => {
    await page.goto(site.address({ gateway: "http://127.0.0.1:9/graphql" }));
    await press("sign in");
    await shows("problem", /does not answer/);
  });

  it("survives a reload where the page asked for that, and ends for good with signOut", async () => {
    await signIn({ tokens: "session" });
    await page.reload();
    await shows("session", /^in$/);
    await press("sign out");
    await shows("session", /^out$/);
    await page.reload();
    await shows("session", /^out$/);
  });

  it("leaves no token in the browser's storage by default", async () => {
    await signIn();
    expect(await page.evaluate(() => sessionStorage.length + localStorage.length)).toBe(0);
  });
});

describe("useRetryJobMutation", () => {
  it("starts a dead job anew, and shows what became of it in lists that are open", async () => {
    await signIn();
    await shows("dead", /^none$/);
    await site.service.worker.stop();
    await choose("franck_01829.jpg");
    await press("enrol");
    await shows("enrolment", /^sent/);
    // As a worker whose tries were used up.
    const now = Date.now();
    const [job] = await site.storage.jobs.claim({ limit: 1, leaseMs: 1000, maxAttempts: 5, now });
    const outcome = { type: "failed", error: "It crashed.", deadUntil: now + 60_000 } as const;
    await site.storage.jobs.finish({ jobId: job!.id, leaseId: job!.leaseId }, outcome, now);
    await shows("failure", /It crashed/);
    await shows("dead", /^kept$/);
    site.service.worker.start();
    await press("retry");
    await shows("dead", /^(?!kept)\S{20,}$/);
    await expect.poll(() => page.locator("#people").textContent()).toContain("Ada");
    expect(complaints).toEqual([]);
  });
});

describe("useCancelJobMutation", () => {
  it("ends a job that waits, for whoever follows it and in lists that are open", async () => {
    await signIn();
    await site.service.worker.stop();
    await choose("franck_01829.jpg");
    await press("enrol");
    await shows("jobs", /^ENROL:SENT/);
    await press("end");
    await shows("failure", /cancelled by the account/);
    await shows("jobs", /^ENROL:FAILED/);
    site.service.worker.start();
    expect(complaints).toEqual([]);
  });
});

describe("useEnrolment", () => {
  it("goes from photos to an identity, through every state", async () => {
    await signIn();
    await enrol("franck_01829.jpg", "franck_02159.jpg");
    await shows("enrolment", /^succeeded Ada 2$/);
    const states = (await log()).filter((line) => line.startsWith("enrol ")).map((line) => line.slice(6));
    expect(states[0]).toBe("idle");
    expect(states).toContain("uploading");
    expect(states.at(-1)).toBe("succeeded");
    expect(states.filter((state) => state === "sent" || state === "started").length).toBeGreaterThan(0);
    expect(await log()).toContain("progress 1");
    expect(complaints).toEqual([]);
  });

  it("brings the new person into lists that are open, and the job into its list", async () => {
    await signIn();
    await shows("people", /^(?!loading)/);
    const before = ((await page.locator("#people").textContent()) ?? "").split(",").filter(Boolean).length;
    await enrol("audrey.jpg");
    await expect
      .poll(
        async () => ((await page.locator("#people").textContent()) ?? "").split(",").filter(Boolean).length,
      )
      .toBe(before + 1);
    await shows("jobs", /^ENROL:SUCCEEDED/);
  });

  it("tells the refusal of a file that is no picture, with its code", async () => {
    await signIn();
    await page
      .locator("input")
      .setInputFiles({ name: "a.jpg", mimeType: "image/jpeg", buffer: Buffer.from("no picture") });
    await press("enrol");
    await shows("failure", /^BAD_IMAGE \w/);
  });

  it("stops an upload when it is cancelled", async () => {
    await signIn();
    await page.route("**/graphql", async (route) => {
      if (!(route.request().headers()["content-type"] ?? "").startsWith("multipart")) return route.continue();
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      await route.continue().catch(() => {});
    });
    const uploads = () =>
      site.calls.filter(
        (call) =>
          call.startsWith("POST /v1/identities") || call.startsWith("POST /innovation-service/identity"),
      ).length;
    const before = uploads();
    await choose("SeanConnery.jpg");
    await press("enrol");
    await shows("enrolment", /^uploading/);
    await press("cancel");
    await shows("enrolment", /^cancelled/);
    await page.waitForTimeout(3_500);
    expect(uploads()).toBe(before);
    await shows("enrolment", /^cancelled/);
  });
});

describe("useSearch and useRecognition", () => {
  it("find and confirm a person by another photo", async () => {
    await signIn();
    await choose("franck_04000.jpg");
    await press("search");
    await shows("search", /^succeeded Ada:true/);
    await press("recognise");
    await shows("recognition", /^succeeded (true|false)$/);
  });
});

describe("the cache", () => {
  it("drops a deleted person from every list without asking for it again", async () => {
    await signIn();
    await shows("people", /Ada/);
    const many = ((await page.locator("#people").textContent()) ?? "").split(",").length;
    const lists = () => site.calls.filter((call) => call === "GET /v1/identities").length;
    const before = lists();
    await press("delete");
    await expect
      .poll(
        async () => ((await page.locator("#people").textContent()) ?? "").split(",").filter(Boolean).length,
      )
      .toBe(many - 1);
    expect(lists()).toBe(before);
  });

  it("shows the next who signs in nothing of the one before", async () => {
    await signIn();
    await shows("people", /Ada/);
    const other = await site.service.accounts.create({ name: "other" });
    await press("sign out");
    await page.evaluate(({ clientId, secretId }) => {
      const address = new URL(location.href);
      address.searchParams.set("id", clientId);
      address.searchParams.set("secret", secretId);
      history.replaceState(null, "", address);
    }, other);
    await page.reload();
    await press("sign in");
    await shows("people", /^$/);
  });
});

describe("tokens", () => {
  it("are refreshed once for all that waits, and the work goes on", async () => {
    await signIn({ tokens: "session" });
    await shows("people", /^(?!loading|error)/);
    await shows("jobs", /^(?!loading)/);
    // Nothing under way: the page that leaves must not refresh the token that the next one is to find.
    await press("toggle");
    const refreshes = () => site.calls.filter((call) => call === "POST /token").length;
    const before = refreshes();
    await page.evaluate(() => {
      const kept = JSON.parse(sessionStorage.getItem("prosopon.session") ?? "{}") as { expiresAt: number };
      sessionStorage.setItem("prosopon.session", JSON.stringify({ ...kept, expiresAt: Date.now() - 1 }));
    });
    await page.reload();
    await shows("people", /^(?!loading|error)/);
    await shows("jobs", /^(?!loading)/);
    expect(refreshes()).toBe(before + 1);
  });

  it("that the server refuses sign the page out, and it is told", async () => {
    await signIn({ tokens: "session" });
    await page.evaluate(() => {
      sessionStorage.setItem(
        "prosopon.session",
        JSON.stringify({ token: "gone", refreshToken: "gone", expiresAt: Date.now() + 3_600_000 }),
      );
    });
    await page.reload();
    await shows("session", /^out$/);
    expect(await log()).toContain("signed out by the server");
  });
});

describe("useJobsUpdatedSubscription", () => {
  it("goes on without a gap when the socket drops", async () => {
    const sockets: { close: () => Promise<void> }[] = [];
    await page.routeWebSocket("**/graphql", (socket) => {
      const server = socket.connectToServer();
      sockets.push({
        close: async () => {
          await server.close();
          await socket.close({ code: 1012 });
        },
      });
    });
    await signIn();
    await expect.poll(() => sockets.length).toBeGreaterThan(0);
    await enrol("cage.jpg");
    await sockets.at(-1)?.close();
    await choose("bieber_small.jpg");
    await press("search");
    await shows("search", /^succeeded/);
    await shows("jobs", /^SEARCH:SUCCEEDED/);
    expect(sockets.length).toBeGreaterThan(1);
  });
});
