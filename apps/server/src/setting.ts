import { InvalidArgumentError, Option } from "commander";
import * as v from "valibot";
import { parseTrustedProxies, type TrustedProxies } from "./client-address.ts";
import { UsageError } from "./errors.ts";

/** One option of the command: a flag, its environment variable, and what makes a value good. */
export interface Setting<T> {
  option(): Option;
  /** Never set; carries the type of a parsed value. */
  readonly value?: T;
}

export const text = v.pipe(v.string(), v.nonEmpty("It must not be empty."));

export const whole = (min: number, max: number) =>
  v.pipe(
    v.string(),
    v.regex(/^\d+$/, `It must be a whole number from ${min} to ${max}.`),
    v.transform(Number),
    v.minValue(min, `It must be at least ${min}.`),
    v.maxValue(max, `It must be at most ${max}.`),
  );

export const oneOf = <const T extends readonly string[]>(names: T) =>
  v.picklist(names, `It must be one of ${names.join(", ")}.`);

export const httpUrl = v.pipe(
  v.string(),
  v.url("It must be an address such as http://127.0.0.1:4000."),
  v.regex(/^https?:/, "It must begin with http:// or https://."),
  v.check(
    (input) => !holdsCredentials(input),
    "It must not hold a user or password: give them as variables.",
  ),
);

/** Requests to such an address fail, and say so with all of it. */
export function holdsCredentials(url: string): boolean {
  const { username, password } = new URL(url);
  return username !== "" || password !== "";
}

export const databaseUrl = v.pipe(
  v.string(),
  v.check(
    (input) => /^postgres(ql)?:\/\//.test(input) && URL.canParse(input),
    "It must be an address such as postgres://user:password@host:5432/prosopon; escape what is special in the password (@ is %40, / is %2F).",
  ),
);

export const trustedProxies = v.pipe(
  v.string(),
  v.transform(parseTrustedProxies),
  v.check(
    (input) => input !== undefined,
    "It must be the number of proxies in a row (1 to 99), or their addresses and networks, such as 10.0.0.0/8,::1.",
  ),
  v.transform((input) => input as TrustedProxies),
);

export const onOff = v.pipe(
  v.picklist(["on", "off"], "It must be on or off."),
  v.transform((input) => input === "on"),
);

export function value<T>(
  flags: string,
  env: string,
  description: string,
  schema: v.GenericSchema<string, T>,
  fallback: T,
  fallbackText?: string,
): Setting<T>;
export function value<T>(
  flags: string,
  env: string,
  description: string,
  schema: v.GenericSchema<string, T>,
): Setting<T | undefined>;
export function value<T>(
  flags: string,
  env: string,
  description: string,
  schema: v.GenericSchema<string, T>,
  fallback?: T,
  fallbackText?: string,
): Setting<T | undefined> {
  const parse = (input: string): T => {
    const result = v.safeParse(schema, input);
    if (!result.success) throw new InvalidArgumentError(result.issues[0].message);
    return result.output;
  };
  return {
    option: () => {
      const option = new Option(flags, description).env(env).argParser(parse);
      return fallback === undefined ? option : option.default(fallback, fallbackText ?? String(fallback));
    },
  };
}

export function flag(flags: string, env: string, description: string): Setting<boolean> {
  return { option: () => new Option(flags, description).env(env).default(false) };
}

/** A value that may hold a password: what is wrong with it is said without showing it. */
export function secretValue(
  flags: string,
  env: string,
  description: string,
  schema: v.GenericSchema<string, string>,
  fallback: string,
): Setting<string>;
export function secretValue(
  flags: string,
  env: string,
  description: string,
  schema: v.GenericSchema<string, string>,
): Setting<string | undefined>;
export function secretValue(
  flags: string,
  env: string,
  description: string,
  schema: v.GenericSchema<string, string>,
  fallback?: string,
): Setting<string | undefined> {
  const parse = (input: string): string => {
    const result = v.safeParse(schema, input);
    // Not commander's own error: that one repeats the value.
    if (!result.success) throw new UsageError(`${flags.split(" ")[0]} (${env}): ${result.issues[0].message}`);
    return result.output;
  };
  return {
    option: () => {
      const option = new Option(flags, description).env(env).argParser(parse);
      return fallback === undefined ? option : option.default(fallback, fallback);
    },
  };
}
