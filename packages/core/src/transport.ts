import type * as v from "valibot";
import type { Auth } from "./auth.ts";
import { bearer } from "./bearer.ts";
import { type Deadline, limited } from "./deadline.ts";
import { ApiError, AuthError } from "./errors.ts";
import { type Exchange, type Send, readJson } from "./http.ts";
import type { CallOptions } from "./types.ts";

/** Authorised exchanges: what every part of the client calls. */
export interface Transport {
  readonly timeoutMs: number;
  /** Logs in where that is still to be done. @throws AuthError */
  authorise(): Promise<void>;
  /** @throws ApiError, AuthError, ConnectionError */
  send: Send;
  /** @throws ContractError too */
  json<S extends v.GenericSchema>(
    schema: S,
    exchange: Exchange,
    signal: AbortSignal,
  ): Promise<v.InferOutput<S>>;
  /** One whole call of the client under its deadline. */
  call<T>(options: CallOptions | undefined, work: (deadline: Deadline) => Promise<T>): Promise<T>;
}

/** The first may find a token that another call was given since, of a session that has ended too; the second is given a new one. */
const MAX_RENEWALS = 2;

export function createTransport(send: Send, auth: Auth, timeoutMs: number): Transport {
  const withToken = (exchange: Exchange, token: string): Exchange => ({
    ...exchange,
    headers: { ...exchange.headers, ...bearer(token) },
  });

  /** A 401 says that nothing was carried out, so a repeat is safe for every method; `body` makes the body anew. */
  const authorised: Send = async (exchange, signal) => {
    let token = await auth.token();
    for (let renewals = 0; ; renewals++) {
      try {
        return await send(withToken(exchange, token), signal);
      } catch (error) {
        if (!isRefusedToken(error)) throw error;
        if (renewals === MAX_RENEWALS)
          throw new AuthError(`The server refuses a token it has just given: ${error.message}`, {
            requestId: error.requestId,
            cause: error,
          });
        token = await auth.renew(token, error.requestId);
      }
    }
  };

  return {
    timeoutMs,
    authorise: async () => void (await auth.token()),
    send: authorised,
    async json(schema, exchange, signal) {
      const what = `The answer to ${exchange.method} ${exchange.path.split("?")[0]}`;
      return readJson(schema, await authorised(exchange, signal), what, signal);
    },
    call: (options, work) => limited(options, timeoutMs, work),
  };
}

function isRefusedToken(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status === 401;
}
