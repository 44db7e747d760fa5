import { json } from "../call.ts";
import { openApiDocument } from "../openapi/document.ts";
import type { Route } from "../route.ts";

export function openApiRoutes(): Route[] {
  let document: Record<string, unknown> | undefined;
  return [["GET", "/openapi.json", "open", () => json((document ??= openApiDocument()))]];
}
