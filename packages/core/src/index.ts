export { createClient } from "./client.ts";
export {
  ApiError,
  AuthError,
  ConnectionError,
  ContractError,
  JobFailedError,
  TimeoutError,
  isApiError,
  isAuthError,
  isConnectionError,
  isContractError,
  isJobFailedError,
  isTimeoutError,
} from "./errors.ts";
export type { ContractIssue } from "./errors.ts";
export type {
  CallOptions,
  Client,
  ClientOptions,
  Identities,
  ImageInput,
  JobChange,
  JobRef,
  Jobs,
  JobState,
  Page,
  PageOptions,
  StoredToken,
  TokenStore,
} from "./types.ts";
export type { Face } from "./contract/face.ts";
export type { Identity, IdentityPatch } from "./contract/identity.ts";
export type {
  AcceptedJobStatus,
  Candidate,
  Job,
  JobKind,
  JobOf,
  JobStatus,
  RecognitionResult,
  SearchMatch,
} from "./contract.ts";
export type { ServerInfo } from "./contract/server.ts";
