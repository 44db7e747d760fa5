import type { GraphiQLOptions } from "graphql-yoga";

export const graphiqlOptions: GraphiQLOptions = {
  title: "Prosopon GraphiQL",
  // Not by socket: GraphiQL does not pass its Headers on as connectionParams, so a subscription would have no token.
  subscriptionsProtocol: "SSE",
  headers: JSON.stringify({ authorization: "Bearer TOKEN" }),
  shouldPersistHeaders: false,
  defaultQuery: `# Sign in first, then put the token under Headers.
mutation SignIn {
  login(input: { clientId: "", secretId: "" }) {
    ... on Session { token expiresIn }
    ... on Error { code message }
  }
}
`,
};

/** Nine megabytes with its editor: loaded when first asked for. */
export async function renderGraphiql(options: GraphiQLOptions): Promise<string> {
  const { renderGraphiQL } = await import("@graphql-yoga/render-graphiql");
  return renderGraphiQL(options);
}

const POLICY =
  "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob:; worker-src blob:; style-src 'unsafe-inline'; font-src data:; img-src 'self' data:; connect-src 'self'; frame-ancestors 'self'";

/** Nothing that the page does may leave its own server, whatever a later version of it tries. */
export function graphiqlPolicy(_: Request, response: Response): Response {
  if (response.headers.get("content-type")?.startsWith("text/html"))
    response.headers.set("content-security-policy", POLICY);
  return response;
}
