const NAMES = ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SystemRoot", "TMPDIR"];

/** What a process of the engine's gets of the server's environment, which may hold secrets: only where programs and libraries are found. */
export const bareEnvironment = (): Record<string, string> =>
  Object.fromEntries(
    NAMES.flatMap((name): [string, string][] => {
      const value = process.env[name];
      return value ? [[name, value]] : [];
    }),
  );
