import type * as v from "valibot";
import { Job, jobKinds, type KindOfJob } from "./contract/jobs/index.ts";
import { imageForm, readImages } from "./images.ts";
import type { Server } from "./server.ts";
import { startJob } from "./start-job.ts";
import { fromJob } from "./state.ts";
import type { Transport } from "./transport.ts";
import type { CallOptions, ImageInput, JobRef, JobState, Own, Starts } from "./types.ts";

type AnyOwn = KindOfJob<Own["kind"], v.GenericSchema> & {
  start: { path: string; fields: v.ObjectSchema<v.ObjectEntries, undefined> };
};

export interface AnyInput {
  [field: string]: unknown;
  image?: ImageInput;
  images?: ImageInput[];
}

/** The kinds that our own API starts. */
export const ownKinds: readonly AnyOwn[] = jobKinds.filter((kind): kind is Own => "start" in kind);

/**
 * Starts a job. With `holdS`, and where the server can, its answer is held so long and tells the job as far as it has come.
 * @throws ApiError 501 without `/v1`, unless the documented API has it too
 */
export type StartOwn = (
  kind: AnyOwn,
  input: AnyInput,
  signal: AbortSignal,
  holdS?: number,
) => Promise<JobRef | JobState>;

export function createStartOwn(transport: Transport, server: Server): StartOwn {
  return async ({ kind, images: most, leastImages: least, start, documented }, input, signal, holdS) => {
    const parts = await readImages(input.images ?? [input.image!], { most, ...(least && { least }) }, signal);
    // Where it is asked for there, it is started there too.
    const other = input["collection"] === undefined ? documented?.path : undefined;
    const info = await (other ? server.info() : server.need(`A job of the kind ${kind}`));
    const path = info ? start.path : other!;
    const given = Object.keys(start.fields.entries).map((name) => [name, input[camel(name)]] as const);
    const body = imageForm(
      most === 1 ? "input_image" : "input_images",
      parts,
      Object.fromEntries(given) as Record<string, string | number | undefined>,
    );
    const exchange = { method: "POST", path, body } as const;
    if (!holdS || !info?.capabilities.includes("start.wait"))
      return startJob(transport, kind, exchange, signal);
    const held = { ...exchange, path: `${path}?wait=${holdS}` };
    return fromJob(await transport.json(Job, held, signal), info.thresholds.listed);
  };
}

export function createStarts(transport: Transport, start: StartOwn): Starts {
  return Object.fromEntries(
    ownKinds.map((of) => [
      of.kind,
      (input: AnyInput, options?: CallOptions) =>
        transport.call(options, ({ signal }) => start(of, input, signal)),
    ]),
  ) as unknown as Starts;
}

export const camel = (name: string): string =>
  name.replace(/[_-](\w)/g, (_, letter: string) => letter.toUpperCase());
