import { createAccount } from "./account.ts";
import { createAnswers } from "./answers.ts";
import { createAuth } from "./auth.ts";
import { createCollections } from "./collections.ts";
import { createEvents, createOpenEvents } from "./events.ts";
import { createFaces, createUploads } from "./faces.ts";
import { createSend } from "./http.ts";
import { createHub } from "./hub.ts";
import { createIdentities } from "./identities.ts";
import { createJobs } from "./jobs.ts";
import { createServer } from "./server.ts";
import { createStartOwn } from "./starts.ts";
import { createTransport } from "./transport.ts";
import type { Client, ClientOptions } from "./types.ts";

const TIMEOUT_MS = 30_000;
const RETRIES = 3;
/** A `Request` needs an absolute URL even where no network is crossed; `.invalid` is never anyone's. */
const IN_PROCESS_URL = "http://in-process.invalid";

/**
 * A client for one account. It makes no request before the first call, and logs in by itself.
 * @throws TypeError when the options do not say where the server is.
 */
export function createClient(options: ClientOptions): Client {
  const { fetch, timeoutMs = TIMEOUT_MS, retries = RETRIES } = options;
  const baseUrl = readBaseUrl(options);
  const send = createSend({ baseUrl, fetch, retries });
  const auth = createAuth(options, send, timeoutMs);
  const transport = createTransport(send, auth, timeoutMs);
  const server = createServer(transport);

  const eventsUrl = new URL(`${baseUrl.href.replace(/\/+$/, "")}/v1/events`);
  const open = createOpenEvents(transport, auth, eventsUrl, readWebSocket(options));

  const start = createStartOwn(transport, server);
  const { jobs, ended } = createJobs(transport, server, createHub(open), start);

  return {
    identities: createIdentities(transport, server, jobs),
    jobs,
    ...createAnswers(start, ended),
    faces: createFaces(transport, server),
    uploads: createUploads(transport, server),
    events: createEvents(open, server),
    auth: auth.calls,
    account: createAccount(transport, server),
    collections: createCollections(transport, server),
    server: (call) => transport.call(call, () => server.info()),
  };
}

function readBaseUrl({ baseUrl, fetch }: ClientOptions): URL {
  if (baseUrl === undefined && !fetch)
    throw new TypeError("createClient needs a baseUrl, or the fetch of a service in this process.");
  let url: URL | undefined;
  try {
    // In a page, "/faces" is below the page's own origin.
    url = new URL(baseUrl ?? IN_PROCESS_URL, globalThis.location?.href);
  } catch {
    url = undefined;
  }
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(
      `baseUrl must be an http or https URL such as https://faces.example.com, not ${JSON.stringify(baseUrl)}.`,
    );
  }
  if (url.username || url.search || url.hash)
    throw new TypeError("baseUrl must hold no user name, query or fragment.");
  return url;
}

/** A socket cannot reach a service behind an in-process `fetch`. */
function readWebSocket({ baseUrl, WebSocket: given }: ClientOptions): typeof WebSocket | undefined {
  if (given === null || baseUrl === undefined) return undefined;
  return given ?? globalThis.WebSocket;
}
