import { UsageError } from "./errors.ts";

/** Settings to be changed. @throws UsageError when none is given */
export function someChange<Change extends object>(change: Change): Change {
  if (Object.keys(change).length === 0)
    throw new UsageError("Nothing to change: give --keep-crops on|off or --refuse-mixed on|off.");
  return change;
}
