export * from "./generated/hooks.ts";
export * from "./generated/operations.ts";
export * from "./generated/runs.ts";
export { ProsoponProvider, type ProsoponProviderProps, useSession, type UseSession } from "./provider.tsx";
export type { Session, SignInResult } from "./session.ts";
export { memoryTokenStore, sessionTokenStore, type Tokens, type TokenStore } from "./token-store.ts";
export { type JobDetail, useJob, type UseJob } from "./use-job.ts";
export {
  type Addition,
  type Enrolment,
  type EnrolmentDetail,
  type EnrolmentOptions,
  type Recognition,
  type RecognitionDetail,
  type Search,
  type SearchDetail,
  useAddPhotos,
  useEnrolment,
  useRecognition,
  useSearch,
} from "./runs.ts";
export type { JobRun } from "./use-job-run.ts";
export type { Run, RunFailure, RunPhase } from "./use-run.ts";
