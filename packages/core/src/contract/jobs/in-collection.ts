import * as v from "valibot";

/** The field of a form that names a collection by its id or name. */
export const inCollection = { collection: v.optional(v.string()) };
