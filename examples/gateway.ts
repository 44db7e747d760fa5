import { createClient } from "@prosopon/core";
import { createGateway } from "@prosopon/graphql";
import { serve } from "@prosopon/graphql/node"; // or /bun, /deno

const baseUrl = process.env.PROSOPON_URL ?? "http://127.0.0.1:4000";
const gateway = createGateway({ client: (auth) => createClient({ baseUrl, ...auth }) });
const { url, close } = await serve(gateway, { port: Number(process.env.PORT ?? 4001) });

const answer = await fetch(url, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({
    query: "mutation ($input: LoginInput!) { login(input: $input) { __typename } }",
    variables: {
      input: { clientId: process.env.PROSOPON_CLIENT_ID, secretId: process.env.PROSOPON_SECRET_ID },
    },
  }),
});
console.log(await answer.text()); // {"data":{"login":{"__typename":"Session"}}, …}
await close();
