import type { Client, ClientOptions } from "@prosopon/core";
import type { JobView } from "./job-view.ts";

/** What a caller brought along, in the form `createClient` takes: spread it into its options. */
export type CallerAuth = Pick<ClientOptions, "token" | "clientId" | "secretId" | "tokenStore">;

/** Makes the client that one caller's operations go through. */
export type ClientFactory = (auth: CallerAuth) => Client;

/** What every resolver sees. */
export interface Context {
  /** The caller's access token; undefined for a caller who has not signed in. */
  token: string | undefined;
  /** Milliseconds since the epoch at which the token ends, where that can be told. */
  tokenExpiresAt: number | undefined;
  /** Acts for the caller. */
  client: Client;
  /** A client with other credentials than the caller's token, for signing in and refreshing. */
  clientFor(auth: CallerAuth): Client;
  /** The caller's live jobs. */
  changes: Changes;
}

/** Iterators end by `return()`; they throw an ExpectedError where there is nothing to follow. */
export interface Changes {
  /** The job's current state, then each change up to the final one. */
  of(jobId: string): AsyncIterable<JobView>;
  /** The unfinished jobs as they are (or, with a cursor, what came after it), then each change of the account. */
  all(after: string | undefined): AsyncIterable<AccountChange>;
}

export interface AccountChange {
  cursor: string;
  job: JobView;
}
