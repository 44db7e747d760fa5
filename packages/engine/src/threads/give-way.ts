import { readlinkSync } from "node:fs";
import { setPriority } from "node:os";

/** Of the nineteen steps down that anyone may take: a third of another thread's share where both want a core. */
const NICE = 5;

/**
 * Lets the process's other threads, and others on the machine such as its database, go before this thread where cores are
 * short: they compute for a millisecond or so, a run of a model for ten. Linux gives each thread a priority of its own, by
 * the thread's id; elsewhere nothing changes.
 */
export function giveWay(): void {
  if (process.platform !== "linux") return;
  try {
    // "<process>/task/<thread>" of whoever reads it.
    const thread = Number(readlinkSync("/proc/thread-self").split("/").at(-1));
    setPriority(thread, NICE);
  } catch {
    // Without /proc, or where a sandbox forbids it, all threads stay equal.
  }
}
