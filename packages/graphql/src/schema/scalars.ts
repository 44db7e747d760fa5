import { GraphQLError } from "graphql";
import { builder } from "../builder.ts";

builder.scalarType("DateTime", {
  description: "An instant as RFC 3339 text in UTC, e.g. `2026-11-23T20:51:45.000Z`.",
  serialize: (value) => value,
});

builder.scalarType("JSON", {
  description: "Any JSON value.",
  serialize: (value) => value,
});

builder.scalarType("File", {
  description:
    "A file of a multipart request (GraphQL multipart request specification): an encoded JPEG or PNG.",
  parseValue: (value) => {
    if (value instanceof File) return value;
    throw new GraphQLError("Send the file as a part of a multipart/form-data request and name it in `map`.");
  },
  parseLiteral: () => {
    throw new GraphQLError(
      "A file cannot be written into the query: pass it as a variable of a multipart request.",
    );
  },
  serialize: () => {
    throw new GraphQLError("A file is only ever an input.");
  },
});
