/** From 1.29 on onnxruntime-node reports usage to its maker, and keeps what it could not send below the home directory. */
const SWITCH = "ORT_DISABLE_TELEMETRY";

/**
 * Switches the reports off for all of the process, whatever the environment said before. It takes effect in the process's main
 * thread only (a worker's `process.env` is a copy), and only before the first session of the library is made.
 */
export function switchOffTelemetry(): void {
  process.env[SWITCH] = "1";
}

/**
 * Comes before a session is made: nothing is recognised by a library that would report it.
 * @throws Error where the process's own environment lacks the switch: the engine was created in a worker thread.
 */
export function assertTelemetryOff(): void {
  switchOffTelemetry();
  const environment = processEnvironment();
  if (environment && environment[SWITCH] !== "1")
    throw new Error(
      `The inference library would report its usage over the network: an engine that is created in a worker thread cannot switch that off for the process. Import @prosopon/engine in the main thread first, or start the process with ${SWITCH}=1.`,
    );
}

/** What the native library sees, also from a worker thread. Undefined where the runtime, or who started it, keeps that to itself. */
function processEnvironment(): Record<string, string> | undefined {
  const report = process.report as (NodeJS.ProcessReport & { excludeNetwork?: boolean }) | undefined;
  if (report === undefined) return undefined;
  const { excludeNetwork = false } = report;
  // Its list of connections asks DNS for their names.
  report.excludeNetwork = true;
  try {
    return (report.getReport() as { environmentVariables?: Record<string, string> }).environmentVariables;
  } finally {
    report.excludeNetwork = excludeNetwork;
  }
}
