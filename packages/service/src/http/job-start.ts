import { kindOfJob, type JobKind } from "@prosopon/core/contract";
import { kinds } from "../jobs/kinds/index.ts";

/** A route that starts jobs of a kind. */
export interface JobStart {
  kind: JobKind;
  method: "POST" | "PUT";
  path: string;
  /** Of the documented API. */
  documented?: true;
  /** Default: the kind's. */
  summary?: string;
  /** Fields that it takes beside the images. Default: all of the kind's form. */
  fields?: readonly string[];
  /** Statuses that it refuses with, beyond those of every upload. */
  problems?: number[];
}

/** What the form of a route takes beside its images, by name. */
export function fieldsOf({ kind, fields, documented }: JobStart): Record<string, "text" | "integer"> {
  const all = Object.entries(kinds[kind].form.fields).filter(([name]) => fields?.includes(name) ?? true);
  const named = !documented && kindOfJob(kind).scope !== undefined;
  return { ...Object.fromEntries(all), ...(named && { collection: "text" }) };
}

/** The field of a form that brings the images of a kind. */
export function imagesField(kind: JobKind): { input_image: "image" } | { input_images: "images" } {
  return kindOfJob(kind).images === 1 ? { input_image: "image" } : { input_images: "images" };
}
