import { PAGE_DEFAULT, PAGE_MAX } from "../limits.ts";
import { HttpProblem } from "./problem.ts";

/** An optional parameter; an empty one counts as absent. */
export const optional = (query: URLSearchParams, name: string): string | undefined =>
  query.get(name) || undefined;

export function required(query: URLSearchParams, name: string): string {
  const value = optional(query, name);
  if (value === undefined) throw new HttpProblem(400, `the query needs ${name}=`);
  return value;
}

export function pageOf(query: URLSearchParams): { limit: number; cursor?: string } {
  const text = optional(query, "limit");
  const limit = text === undefined ? PAGE_DEFAULT : Number(text);
  if (!Number.isInteger(limit) || limit < 1)
    throw new HttpProblem(400, `limit must be a whole number, 1 to ${PAGE_MAX}`);
  const cursor = optional(query, "cursor");
  return { limit: Math.min(limit, PAGE_MAX), ...(cursor === undefined ? {} : { cursor }) };
}

/** `name=a,b`, `name=a&name=b`, `name[]=a`, `name[0]=a`; undefined when there is none at all. Doubles are told once. */
function listOf(query: URLSearchParams, name: string): string[] | undefined {
  const values = [...query].filter(([key]) => isListKey(key, name)).flatMap(([, value]) => value.split(","));
  const given = values.map((value) => value.trim()).filter((value) => value !== "");
  return values.length === 0 ? undefined : [...new Set(given)];
}

/** Whether `key` is `name`, `name[]` or `name[3]`: how PHP, axios and others write lists. */
export function isListKey(key: string, name: string): boolean {
  return key === name || (key.startsWith(`${name}[`) && /^\d*\]$/.test(key.slice(name.length + 1)));
}

/** Ids of a batched read, at most a page of them. */
export function idsOf(query: URLSearchParams): string[] | undefined {
  const ids = listOf(query, "ids");
  if (ids && ids.length > PAGE_MAX) throw new HttpProblem(400, `at most ${PAGE_MAX} ids at once`);
  return ids;
}

/** Each filter is a condition of its own in the database. */
const MAX_PAIRS = 20;
const MAX_PAIR_LENGTH = 1_024;

/** `key[name]=value` pairs. @throws HttpProblem 400 for more or longer ones than are of use */
export function mapOf(query: URLSearchParams, name: string): Record<string, string> | undefined {
  const pairs = [...query].flatMap(([key, value]) => {
    const inner = key.startsWith(`${name}[`) && key.endsWith("]") ? key.slice(name.length + 1, -1) : "";
    return inner ? [[inner, value] as const] : [];
  });
  if (pairs.length > MAX_PAIRS) throw new HttpProblem(400, `at most ${MAX_PAIRS} filters by ${name} at once`);
  if (pairs.some((pair) => pair.some((text) => text.length > MAX_PAIR_LENGTH)))
    throw new HttpProblem(400, `a filter by ${name} has at most ${MAX_PAIR_LENGTH} characters`);
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs);
}
