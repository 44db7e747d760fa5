import type { Client } from "@prosopon/core";
import { isUnsupported } from "../upstream.ts";
import type { AccountStream } from "./account-stream.ts";

export interface AccountStreams {
  /** Undefined for a server without events. */
  of(client: Client): Promise<AccountStream | undefined>;
  close(): void;
}

/** Streams by account, as the server itself names it: what a token says of itself is not proof. */
export function createAccountStreams(
  createAccountStream: (onIdle: () => void) => AccountStream,
): AccountStreams {
  const streams = new Map<string, AccountStream>();

  /** Asked anew for each stream: a session that has ended opens none, whatever it opened before. */
  const accountOf = (client: Client): Promise<string | undefined> =>
    client.account().then(
      ({ client_id }) => client_id,
      (error: unknown) => {
        if (isUnsupported(error)) return undefined;
        throw error;
      },
    );

  return {
    async of(client) {
      const account = await accountOf(client);
      if (account === undefined) return undefined;
      let stream = streams.get(account);
      if (!stream) {
        const made = createAccountStream(() => {
          if (streams.get(account) === made) streams.delete(account);
        });
        streams.set(account, made);
        stream = made;
      }
      return stream;
    },
    close() {
      for (const stream of streams.values()) stream.close();
    },
  };
}
