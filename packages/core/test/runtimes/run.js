/** Runs the suite in Node, Deno or Bun on the built client: `run.js BASE_URL CLIENT_ID SECRET_ID PHOTOS`. */
import process from "node:process";
import * as core from "../../dist/index.js";
import { runSuite } from "./suite.js";

const [baseUrl, clientId, secretId, photos] = process.argv.slice(2);
const { passed, failed } = await runSuite({ core, baseUrl, clientId, secretId, photos, log: console.log });
console.log(`${passed} passed, ${failed} failed`);
