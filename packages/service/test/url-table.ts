import { createRoutes, type RouteTools } from "../src/http/routes/index.ts";

/** The URL table, for what is said of it as a whole: its handlers have nothing to work with, and are not called. */
export const routes = createRoutes({} as RouteTools);
