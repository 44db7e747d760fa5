/** What one caller may ask for at a time. Every bound is answered with a code, listed in docs/graphql.md. */
export interface GatewayLimits {
  /** Levels of nesting. */
  depth: number;
  /** Fields of one operation, fragments spread out. */
  fields: number;
  aliases: number;
  directives: number;
  /** Lexical tokens of a document. */
  tokens: number;
  /** Sum of the weights of all fields, lists multiplied by what they may hold. */
  cost: number;
  /** Operations of one batched request. */
  batch: number;
  /** Bytes of a request without files. */
  requestBytes: number;
  /** Bytes of one from a caller whose token has not been proved: enough to sign in with, and to read the schema. */
  anonymousBytes: number;
  /** Bytes of a multipart request, files and all; bigger images go to the REST route for uploads. */
  uploadBytes: number;
  /** Files of one request. */
  uploadFiles: number;
  /** Multipart requests in memory at once, in the whole process: times `uploadBytes` is what a flood can take. */
  uploadsAtOnce: number;
  /** Of them, those of one account: nobody takes all places. */
  uploadsPerAccount: number;
  /** Milliseconds for which a body may bring nothing. */
  bodyIdleMs: number;
  /** Bytes per second that a body must bring on average once it has been waited for longer than that. */
  bodyRate: number;
  /** Open sockets of the process. */
  sockets: number;
  /** Running operations of one socket. */
  operationsPerSocket: number;
  /** Bytes of one message from a socket. */
  messageBytes: number;
  /** Bytes that may wait for a slow socket before it is closed. */
  socketBacklogBytes: number;
  /** Milliseconds that a socket may stay silent before `connection_init`. */
  connectionInitMs: number;
}

export const defaultGatewayLimits: GatewayLimits = {
  depth: 12,
  fields: 1_000,
  aliases: 30,
  directives: 20,
  tokens: 2_000,
  cost: 25_000,
  batch: 10,
  requestBytes: 262_144,
  anonymousBytes: 32_768,
  uploadBytes: 33_554_432,
  uploadFiles: 5,
  uploadsAtOnce: 12,
  uploadsPerAccount: 8,
  bodyIdleMs: 60_000,
  // As on the REST routes.
  bodyRate: 1_024,
  sockets: 10_000,
  operationsPerSocket: 100,
  messageBytes: 131_072,
  socketBacklogBytes: 1_048_576,
  connectionInitMs: 3_000,
};
