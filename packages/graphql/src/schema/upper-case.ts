/** The values of an enum as GraphQL spells them. */
export const upperCase = <Value extends string>(values: readonly Value[]) =>
  Object.fromEntries(values.map((value) => [value.toUpperCase(), { value }])) as Record<
    Uppercase<Value>,
    { value: Value }
  >;
