import { kindOfJob, type JobKind } from "@prosopon/core/contract";
import * as v from "valibot";
import { HttpProblem } from "../../http/problem.ts";
import { shaped } from "../../http/json.ts";
import type { Field, Start } from "./kind.ts";

/** The route of our own API that starts a kind of job, as the contract has it: its fields are what it says beside its images. */
export function ownStart<Payload extends object>(kind: JobKind, summary: string): Start<Payload> {
  const { start, images, leastImages = 1 } = kindOfJob(kind);
  if (!start) throw new TypeError(`The contract has no route that starts a job of the kind ${kind}.`);
  const names = Object.keys(start.fields.entries);
  return {
    method: "POST",
    path: start.path,
    api: "own",
    summary,
    form: {
      ...(images === 1 ? { input_image: "image" } : { input_images: "images" }),
      ...Object.fromEntries(
        names.map((name): [string, Field] => [
          name,
          typeof v.getDefault(start.fields.entries[name]!) === "number" ? "integer" : "text",
        ]),
      ),
    },
    read: (_call, form) => {
      if (form.images.length < leastImages)
        throw new HttpProblem(400, `send ${leastImages} images as input_images, in this order`);
      const given = names.map((name) => [name, form.text(name)] as const);
      const fields: unknown = shaped(
        Object.fromEntries(given.filter(([, text]) => text !== undefined)),
        start.fields,
      );
      return fields as Payload;
    },
  };
}
