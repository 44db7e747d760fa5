import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";

/** What the machine took of a run: whoever reads its times must know. */
export interface MachineTime {
  /** Seconds in which some process that could run had to wait for a core; absent where the kernel does not say. */
  waitedS?: number;
  /** Of all cores' time, 0..1, what was busy with anything. */
  busy?: number;
}

/** Starts measuring; the returned function tells what there was since. On Linux. */
export async function watchMachine(): Promise<() => Promise<MachineTime>> {
  const [pressure, stat, began] = [await pressureS(), await busyTicks(), performance.now()];
  return async () => {
    const [pressureNow, statNow] = [await pressureS(), await busyTicks()];
    const seconds = (performance.now() - began) / 1_000;
    return {
      ...(pressure !== undefined && pressureNow !== undefined && { waitedS: pressureNow - pressure }),
      // In hundredths of a second, for each core.
      ...(stat !== undefined &&
        statNow !== undefined && { busy: (statNow - stat) / 100 / seconds / availableParallelism() }),
    };
  };
}

async function pressureS(): Promise<number | undefined> {
  const text = await readFile("/proc/pressure/cpu", "utf8").catch(() => "");
  const total = /^some .*total=(\d+)/m.exec(text)?.[1];
  return total === undefined ? undefined : Number(total) / 1e6;
}

async function busyTicks(): Promise<number | undefined> {
  const text = await readFile("/proc/stat", "utf8").catch(() => "");
  const numbers = /^cpu +(.*)$/m.exec(text)?.[1]?.split(" ").map(Number);
  if (!numbers) return undefined;
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = numbers;
  return user + nice + system + irq + softirq + steal;
}
