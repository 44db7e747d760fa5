import type { Client } from "@prosopon/core";
import type { ConnectOptions } from "./connect.ts";

/** Does some work with a client, which is closed afterwards. What it needs is loaded only now. */
export async function withClient(
  values: ConnectOptions,
  work: (client: Client) => Promise<void>,
): Promise<void> {
  const { connect } = await import("./connect.ts");
  const { client, close } = await connect(values);
  try {
    await work(client);
  } finally {
    await close();
  }
}
