import type { Structure } from "../inspect/structure.ts";

/**
 * Processor time that decoding an image may take, in ms: it does not pass while others have the cores. Measured on one core of
 * an AMD EPYC: a JPEG of 200 megapixels 130 ms, a progressive one of 108 megapixels 620, a PNG of 100 megapixels 390, one of
 * 25 megapixels with 16 bits and transparency 770; this allows several times that, for slower machines.
 */
export function cpuAllowed({ rawBytes }: Structure): number {
  return 1_000 + (3 * rawBytes) / 1e6;
}

/** Time on the clock after which a decode is given up whatever it waits for, such as a disk that does not answer, in ms. */
export const CLOCK_MS = 60_000;

/** Resident bytes of the process beyond what it had and what the decode was granted. */
export const SLACK_BYTES = 64 * 2 ** 20;

/** A process that has grown so much beyond its start is replaced: what a decoder frees is seldom given back. */
export const GROWN_BYTES = 32 * 2 ** 20;

/**
 * What images may leave behind in the process before it is collected: well below that, or thirty ordinary photos would make it
 * look grown, and the next answer wait 100 ms for another process.
 */
export const LEFT_BYTES = 16 * 2 ** 20;

/** How often a decode is looked at, ms: at 2 GB/s, which is as fast as memory is filled, it takes 40 MB meanwhile. */
export const LOOK_MS = 20;

/** How often a decoder says that it still looks at its decode, ms. */
export const ALIVE_MS = 500;

/** So many of those times without a word, and the decoder is ended: its own watch does not run. Counted, for a machine may sleep. */
export const SILENT_TIMES = 12;
