import * as v from "valibot";

/** A whole number in a range, also as the text of a form's field. */
export const wholeNumber = (from: number, to: number) =>
  v.pipe(
    v.custom<number | string>(
      (value) => /^\s*\d{1,9}\s*$/.test(String(value)) && Number(value) >= from && Number(value) <= to,
      `must be a whole number from ${from} to ${to}`,
    ),
    v.transform(Number),
  );
