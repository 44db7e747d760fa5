import { StorageError } from "../storage/types.ts";

/** As ids are written, and shorter than a secret or a token of ours. */
const ID = /^[A-Za-z0-9._-]{1,40}$/;

/** For ids that nothing has. They are repeated only where they have the form of one: anything else may be a secret in the wrong place. */
export function unknownId(kind: string, ids: string | string[], before = ""): StorageError {
  const all = [ids].flat();
  const shown = all.every((id) => ID.test(id)) ? `the id ${all.slice(0, 10).join(", ")}` : "this id";
  return new StorageError("not-found", `${before}no ${kind} has ${shown}`);
}
