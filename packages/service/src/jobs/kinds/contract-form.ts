import { kindOfJob, type JobKind } from "@prosopon/core/contract";
import * as v from "valibot";
import { shaped } from "../../input/json.ts";
import type { Form } from "./form.ts";

/** The form of a kind that our own API starts: its fields are the contract's. */
export function contractForm<Payload extends object>(kind: JobKind): Form<Payload> {
  const { start } = kindOfJob(kind);
  if (!start) throw new TypeError(`The contract has no route that starts a job of the kind ${kind}.`);
  // The collection is what jobs of every kind with people have (http/start-job.ts).
  const own = Object.entries(start.fields.entries).filter(([name]) => name !== "collection");
  return {
    fields: Object.fromEntries(
      own.map(([name, schema]) => [name, typeof v.getDefault(schema) === "number" ? "integer" : "text"]),
    ),
    read(fields) {
      const given = own.map(([name]) => [name, fields.text(name)] as const);
      const told = Object.fromEntries(given.filter(([, text]) => text !== undefined));
      return shaped(told, start.fields) as object as Payload;
    },
  };
}
