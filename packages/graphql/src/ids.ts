import { decodeGlobalID } from "@pothos/plugin-relay";
import { InvalidInputError, NotFoundError } from "./errors.ts";
import { type JobTypeName, typeOfKind } from "./job-types.ts";

/** Job ids carry the name of their kind's type. */
export const jobTypes: readonly JobTypeName[] = [...new Set(Object.values(typeOfKind))];
export type NodeType = "Collection" | "Identity" | "Face" | JobTypeName;
const allTypes: readonly NodeType[] = ["Collection", "Identity", "Face", ...jobTypes];

/**
 * The upstream's id out of a global id of one of these types. An id of the REST API passes as it is.
 * @throws InvalidInputError for an empty id; NotFoundError for one of another type
 */
export function upstreamId(id: string, types: readonly NodeType[], path: readonly string[] = []): string {
  if (id.trim() === "") throw new InvalidInputError([{ message: "The id is empty.", path }]);
  const decoded = decode(id);
  if (!decoded) return id;
  if (types.some((type) => type === decoded.typename)) return decoded.id;
  throw new NotFoundError(
    `This id belongs to a ${decoded.typename}, not to ${types.length > 1 ? "a job" : `a ${types[0]}`}.`,
    path,
  );
}

/** Of an id that is none of ours, the type is empty: `node` and `nodes` answer null for it. */
export const decodeNodeId = (id: string): { typename: string; id: string } =>
  decode(id) ?? { typename: "", id };

export const isNode = ({ typename }: { typename: string }): boolean => typename !== "";

function decode(id: string): { typename: string; id: string } | undefined {
  try {
    const decoded = decodeGlobalID(id);
    const known = allTypes.some((type) => type === decoded.typename) && decoded.id !== "";
    return known ? decoded : undefined;
  } catch {
    return undefined;
  }
}
