import { builder } from "../builder.ts";
import {
  BadImageError,
  ConflictError,
  errorCodes,
  type ExpectedError,
  type InputIssue,
  InvalidInputError,
  NotFoundError,
  QuotaError,
  UnauthorizedError,
  UnsupportedByUpstreamError,
} from "../errors.ts";

const ErrorCode = builder.enumType("ErrorCode", { values: errorCodes });

const ErrorInterface = builder.interfaceRef<ExpectedError>("Error").implement({
  description: "A failure that a caller can act on. Anything else is an entry of `errors` with a request id.",
  fields: (t) => ({
    message: t.exposeString("message", { description: "What is wrong and what to do, for a person." }),
    code: t.field({ type: ErrorCode, resolve: (error) => error.code }),
    path: t.stringList({
      description:
        'Where in the arguments the cause is, e.g. ["input", "images", "0"]; empty when it is in none of them.',
      resolve: (error) => [...error.inputPath],
    }),
  }),
});

const Issue = builder.objectRef<InputIssue>("InputIssue").implement({
  fields: (t) => ({
    message: t.exposeString("message"),
    path: t.stringList({ resolve: (issue) => [...issue.path] }),
  }),
});

const interfaces = [ErrorInterface];
builder.objectType(BadImageError, {
  name: "BadImageError",
  interfaces,
  description: "An image was refused: not JPEG or PNG, broken, empty or too large.",
});
builder.objectType(NotFoundError, {
  name: "NotFoundError",
  interfaces,
  description: "The account has no such identity, face, job or upload.",
});
builder.objectType(ConflictError, {
  name: "ConflictError",
  interfaces,
  description: "The change contradicts what is stored, e.g. an external id that is taken.",
});
builder.objectType(UnauthorizedError, {
  name: "UnauthorizedError",
  interfaces,
  description: "No token, one that has ended, or one without the right.",
});
builder.objectType(UnsupportedByUpstreamError, {
  name: "UnsupportedByUpstreamError",
  interfaces,
  description: "The server behind the gateway has only the documented routes, and this needs more.",
});
builder.objectType(InvalidInputError, {
  name: "InvalidInputError",
  interfaces,
  description: "The input is not acceptable as it stands.",
  fields: (t) => ({ issues: t.field({ type: [Issue], resolve: (error) => [...error.issues] }) }),
});
builder.objectType(QuotaError, {
  name: "QuotaError",
  interfaces,
  description: "Too much in too short a time, or a limit of the account is reached.",
  fields: (t) => ({
    retryAfter: t.int({
      nullable: true,
      description: "Seconds after which trying again makes sense.",
      resolve: (error) => error.retryAfter,
    }),
  }),
});
