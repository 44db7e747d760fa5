/** One finding. `warn` works but will hurt; `fail` does not work. */
export interface Check {
  name: string;
  state: "ok" | "warn" | "fail";
  /** What was found, with units. */
  detail: string;
  /** What to do about it. */
  fix?: string;
}

/** A check that throws has failed: its message is the finding. */
export async function check(
  name: string,
  fix: string,
  work: () => Promise<Omit<Check, "name">> | Omit<Check, "name">,
): Promise<Check> {
  try {
    return { name, ...(await work()) };
  } catch (error) {
    return { name, state: "fail", detail: (error as Error).message, fix };
  }
}

export const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
