export { AccountInfo } from "./contract/account.ts";
export { AcceptedTokenAnswer, Credentials, RefreshRequest, TokenAnswer } from "./contract/auth.ts";
export { JobEvent } from "./contract/event.ts";
export { Box, Face, FaceQuality, Landmarks, Point } from "./contract/face.ts";
export {
  DeleteRequest,
  EXTERNAL_ID_MAX_LENGTH,
  Identity,
  IdentityList,
  IdentityPatch,
  METADATA_MAX_BYTES,
  Metadata,
  Upload,
} from "./contract/identity.ts";
export {
  DeadJob,
  Job,
  JobCreated,
  JobKind,
  jobKinds,
  JobList,
  type JobOf,
  type JobResult,
  JobRetried,
  jobSchemas,
  kindOfJob,
} from "./contract/jobs/index.ts";
export { EnrolmentAnswer, EnrolmentResult } from "./contract/jobs/enrol.ts";
export { type DocumentedAnswer, type KindOfJob } from "./contract/jobs/kind.ts";
export { RecognitionAnswer, RecognitionResult, RecognizeResult } from "./contract/jobs/recognize.ts";
export { Score } from "./contract/jobs/score.ts";
export { Candidate, SearchAnswer, SearchMatch, SearchResult } from "./contract/jobs/search.ts";
export { SeenFace, SeenImage } from "./contract/jobs/seen.ts";
export { AcceptedJobStatus, isFinalStatus, JobStatus } from "./contract/jobs/status.ts";
export { Problem } from "./contract/problem.ts";
export { CalibrationPoint, ModelInfo, ServerInfo } from "./contract/server.ts";
