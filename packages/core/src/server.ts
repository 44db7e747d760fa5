import { ServerInfo } from "./contract/server.ts";
import { limited } from "./deadline.ts";
import { ApiError, ContractError } from "./errors.ts";
import { readJson } from "./http.ts";
import type { Transport } from "./transport.ts";

export interface Server {
  /** Asked once, then remembered; a failure is not remembered. */
  info(): Promise<ServerInfo | undefined>;
  /** @throws ApiError 501 where the server has only the documented routes, or lacks the capability. */
  need(what: string, capability?: string): Promise<ServerInfo>;
}

/** What servers and the gateways before them answer for a route they do not have. */
const NO_SUCH_ROUTE = [400, 403, 404, 405, 501];

export function createServer(transport: Transport): Server {
  let asked: Promise<ServerInfo | undefined> | undefined;

  const ask = async (signal: AbortSignal): Promise<ServerInfo | undefined> => {
    // First of all, so that a fault of the login is not taken for an answer about /v1.
    await transport.authorise();
    let response: Response;
    try {
      response = await transport.send({ method: "GET", path: "/v1/server" }, signal);
    } catch (error) {
      if (error instanceof ApiError && NO_SUCH_ROUTE.includes(error.status)) return undefined;
      throw error;
    }
    try {
      return await readJson(ServerInfo, response, "The answer to GET /v1/server", signal);
    } catch (error) {
      // A single-page site answers 200 with HTML for any path.
      if (error instanceof ContractError) return undefined;
      throw error;
    }
  };

  const info = (): Promise<ServerInfo | undefined> =>
    (asked ??= limited({}, transport.timeoutMs, ({ signal }) => ask(signal)).catch((error) => {
      asked = undefined;
      throw error;
    }));

  return {
    info,
    async need(what, capability = "v1") {
      const known = await info();
      if (known?.capabilities.includes(capability)) return known;
      throw new ApiError(501, {
        statusCode: 501,
        error: "Not Implemented",
        message: `${what} needs a ${known ? "newer Prosopon server." : "Prosopon server: this one has only the documented routes."}`,
      });
    },
  };
}
