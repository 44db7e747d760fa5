/** `postgres://user:password@host:5432/database`; as a function it is asked at each new connection, as a password may be changed meanwhile. */
export type Address = string | (() => string);

export const textOf = (address: Address): string => (typeof address === "string" ? address : address());
