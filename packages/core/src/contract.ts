export { AccountInfo } from "./contract/account.ts";
export { AcceptedTokenAnswer, Credentials, RefreshRequest, TokenAnswer } from "./contract/auth.ts";
export {
  Collection,
  CollectionCalibration,
  CollectionCreate,
  CollectionList,
  CollectionPatch,
  CollectionSettings,
  DEFAULT_COLLECTION,
  GalleryPoint,
  GuardLevel,
} from "./contract/collection.ts";
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
export * from "./contract/jobs/index.ts";
export { Problem } from "./contract/problem.ts";
export { CalibrationPoint, ModelInfo, ServerInfo } from "./contract/server.ts";
