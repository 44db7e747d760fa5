// Run by node, bun and deno from the built package: `child.js ADAPTER UPSTREAM_URL`; prints the gateway's URL.
import { createClient } from "@prosopon/core";
import { createGateway } from "../../dist/index.js";

const [adapter, baseUrl] = process.argv.slice(2);
const { serve } = await import(`../../dist/${adapter}.js`);
const gateway = createGateway({ client: (auth) => createClient({ baseUrl, ...auth }) });
const { url, close } = await serve(gateway);
console.log(url);
process.stdin.resume();
process.stdin.on("end", () => {
  void close().then(() => process.exit(0));
});
