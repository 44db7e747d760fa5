import * as v from "valibot";
import { ContractError } from "./errors.ts";

/** @throws ContractError, whose issues tell where and what was expected, never what came: it may be a token. */
export function parseAnswer<S extends v.GenericSchema>(
  schema: S,
  text: string,
  what: string,
  requestId?: string,
): v.InferOutput<S> {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw new ContractError(what, [{ path: "", expected: "JSON" }], { requestId });
  }
  const parsed = v.safeParse(schema, withoutNulls(data));
  if (parsed.success) return parsed.output;
  const issues = parsed.issues.map((issue) => ({
    path: v.getDotPath(issue) ?? "",
    expected: issue.expected ?? issue.type,
  }));
  throw new ContractError(what, issues, { requestId });
}

/** Servers are seen to send a null where the contract wants no key. Deeper nulls are data (metadata) and stay. */
function withoutNulls(data: unknown): unknown {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return data;
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== null));
}
