export { nodeServerOptions } from "./adapters/node/options.ts";
export { refuseSocket } from "./adapters/node/refuse.ts";
export {
  attachWebSocket,
  createEventSockets,
  EVENTS_PATH,
  pathOf,
  type Sockets,
} from "./adapters/node/sockets.ts";
export { network } from "./auth/network.ts";
export { createPlaces, type Places } from "./places.ts";
