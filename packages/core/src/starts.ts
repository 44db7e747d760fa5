import type * as v from "valibot";
import { jobKinds, type KindOfJob } from "./contract/jobs/index.ts";
import { imageForm, readImages } from "./images.ts";
import type { Server } from "./server.ts";
import { startJob } from "./start-job.ts";
import type { Transport } from "./transport.ts";
import type { CallOptions, ImageInput, JobRef } from "./types.ts";

type Kinds = (typeof jobKinds)[number];
type Own = Extract<Kinds, { start: object }>;

/** `max_candidates` is `maxCandidates`. */
type Camel<Name> = Name extends `${infer First}_${infer Rest}` ? `${First}${Capitalize<Camel<Rest>>}` : Name;
type Fields<Entries> = { [Name in keyof Entries as Camel<Name>]: Entries[Name] };
type Images<Kind extends Own> = Kind extends { images: 1 } ? { image: ImageInput } : { images: ImageInput[] };

/** What is sent to start a job of a kind: its image or images, and its fields. */
export type StartInput<Kind extends Own> = Images<Kind> & Fields<v.InferInput<Kind["start"]["fields"]>>;

/** One call for each kind of job that our own API starts: `client.jobs.detect({ image })`. Each needs a server with `/v1`. */
export type Starts = {
  [Kind in Own as Kind["kind"]]: (input: StartInput<Kind>, options?: CallOptions) => Promise<JobRef>;
};

type AnyOwn = KindOfJob<Own["kind"], v.GenericSchema> & {
  start: { path: string; fields: v.ObjectSchema<v.ObjectEntries, undefined> };
};

interface AnyInput {
  [field: string]: unknown;
  image?: ImageInput;
  images?: ImageInput[];
}

export function createStarts(transport: Transport, server: Server): Starts {
  const own = jobKinds.filter((kind): kind is Own => "start" in kind);
  return Object.fromEntries(
    own.map(({ kind, images: most, leastImages: least, start: { path, fields } }: AnyOwn) => [
      kind,
      (input: AnyInput, options?: CallOptions): Promise<JobRef> =>
        transport.call(options, async ({ signal }) => {
          await server.need(`A job of the kind ${kind}`);
          const given = Object.keys(fields.entries).map((name) => [name, input[camel(name)]] as const);
          const body = imageForm(
            most === 1 ? "input_image" : "input_images",
            await readImages(input.images ?? [input.image!], { most, ...(least && { least }) }, signal),
            Object.fromEntries(given) as Record<string, string | number | undefined>,
          );
          return startJob(transport, kind, { method: "POST", path, body }, signal);
        }),
    ]),
  ) as unknown as Starts;
}

const camel = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
