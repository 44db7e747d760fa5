/**
 * Builds, checks and tests everything; ends in one line, `N passed, N failed`.
 * `pnpm test [FILTER]` hands the filter to vitest and leaves the checks out.
 */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { checks } from "./checks.ts";

const root = path.resolve(import.meta.dirname, "..");
const filter = process.argv.slice(2);
const environment = {
  ...process.env,
  PATH: `${path.join(root, "node_modules/.bin")}${path.delimiter}${process.env.PATH ?? ""}`,
  TURBO_TELEMETRY_DISABLED: "1",
};

let passed = 0;
let failed = 0;
let skipped = 0;

const build = await run(["turbo", "run", "build", "--output-logs=errors-only"]);
if (build.code !== 0) {
  console.log(build.output);
  console.log("the build failed: nothing was tested");
  failed += 1;
} else {
  if (filter.length === 0) await runChecks();
  await runSuites();
}
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 ? 1 : 0;

async function runChecks() {
  for (const { promise, command, cwd } of checks) {
    const started = performance.now();
    const { code, output } = await run(command, cwd);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${code === 0 ? "✓" : "✗"} ${promise} (${seconds} s)`);
    if (code === 0) passed += 1;
    else {
      failed += 1;
      console.log(output);
    }
  }
}

async function runSuites() {
  const directory = await mkdtemp(path.join(tmpdir(), "prosopon-test-"));
  const report = path.join(directory, "report.json");
  try {
    const command = [
      "vitest",
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
      ...filter,
    ];
    const { code } = await run(command, ".", "inherit");
    const totals = JSON.parse(await readFile(report, "utf8")) as {
      numPassedTests: number;
      numFailedTests: number;
      numPendingTests: number;
      numTodoTests: number;
      numFailedTestSuites: number;
    };
    passed += totals.numPassedTests;
    failed += totals.numFailedTests;
    skipped += totals.numPendingTests + totals.numTodoTests;
    // A file that could not even be loaded, or an error outside every test, is a failure too.
    if (code !== 0 && totals.numFailedTests === 0) failed += Math.max(1, totals.numFailedTestSuites);
  } catch (error) {
    console.log("the test runner ended without a report:", error);
    failed += 1;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function run(command: string[], cwd = ".", stdio: "pipe" | "inherit" = "pipe") {
  return new Promise<{ code: number; output: string }>((resolve) => {
    const [program = "", ...args] = command;
    const child = spawn(program, args, {
      cwd: path.join(root, cwd),
      env: environment,
      stdio: ["ignore", stdio, stdio],
    });
    let output = "";
    child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.on("error", (error) => resolve({ code: 1, output: `${program}: ${error.message}` }));
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}
