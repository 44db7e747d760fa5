import type * as v from "valibot";
import { jobKinds, type KindOfJob } from "./contract/jobs/index.ts";
import { imageForm, readImages } from "./images.ts";
import type { Server } from "./server.ts";
import { startJob } from "./start-job.ts";
import type { Transport } from "./transport.ts";
import type { CallOptions, ImageInput, JobRef, Own, Starts } from "./types.ts";

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
