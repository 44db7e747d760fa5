export { createGateway, type Gateway, type GatewayOptions } from "./gateway.ts";
export type { CallerAuth, ClientFactory } from "./context.ts";
export { type ErrorCode, errorCodes } from "./errors.ts";
export { defaultGatewayLimits, type GatewayLimits } from "./limits/limits.ts";
export type { GatewayLogger } from "./masking.ts";
export { schema } from "./schema.ts";
export { type AnySocket, closeCodes, type SocketExtra } from "./socket.ts";
