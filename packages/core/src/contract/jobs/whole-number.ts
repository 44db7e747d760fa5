import * as v from "valibot";

/** A whole number in a range, also as the text of a form's field. */
export function wholeNumber(from: number, to: number) {
  const said = `must be a whole number from ${from} to ${to}`;
  return v.pipe(
    v.union([v.number(), v.pipe(v.string(), v.regex(/^\s*\d{1,9}\s*$/, said), v.transform(Number))], said),
    v.integer(said),
    v.minValue(from, said),
    v.maxValue(to, said),
  );
}
