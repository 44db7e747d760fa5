import { useCallback } from "react";
import {
  AddIdentityImagesDocument,
  type AddIdentityImagesInput,
  CreateIdentityDocument,
  type CreateIdentityInput,
  RecognizeIdentityDocument,
  SearchIdentitiesDocument,
  type SearchIdentitiesInput,
} from "./generated/operations.ts";
import type { JobDetail } from "./use-job.ts";
import { type Run, useRun } from "./use-run.ts";

export type EnrolmentDetail = Extract<JobDetail, { __typename: "EnrolmentJob" }>;
export type SearchDetail = Extract<JobDetail, { __typename: "SearchJob" }>;
export type RecognitionDetail = Extract<JobDetail, { __typename: "RecognitionJob" }>;

export type EnrolmentOptions = Pick<CreateIdentityInput, "collection" | "externalId" | "metadata">;

export interface Enrolment extends Omit<Run<never>, "start"> {
  /** 1 to 5 photos of one person, JPEG or PNG. */
  start: (photos: readonly Blob[], options?: EnrolmentOptions) => void;
  /** Once succeeded. */
  identity: EnrolmentDetail["identity"] | undefined;
}

/** From photos to an identity. */
export function useEnrolment(): Enrolment {
  const { start, ...run } = useRun<unknown, CreateIdentityInput>(CreateIdentityDocument);
  const enrol = useCallback(
    (photos: readonly Blob[], options: EnrolmentOptions = {}) => start({ images: [...photos], ...options }),
    [start],
  );
  return { ...run, start: enrol, identity: identityOf(run.job) };
}

export interface Addition extends Omit<Run<never>, "start"> {
  /** 1 to 5 more photos of this person. */
  start: (identityId: string, photos: readonly Blob[]) => void;
  identity: EnrolmentDetail["identity"] | undefined;
}

/** More photos of somebody who is known. */
export function useAddPhotos(): Addition {
  const { start, ...run } = useRun<unknown, AddIdentityImagesInput>(AddIdentityImagesDocument);
  const add = useCallback(
    (identityId: string, photos: readonly Blob[]) => start({ identityId, images: [...photos] }),
    [start],
  );
  return { ...run, start: add, identity: identityOf(run.job) };
}

export type SearchOptions = Pick<SearchIdentitiesInput, "collection" | "maxResults">;

export interface Search extends Omit<Run<never>, "start"> {
  /** Who is this? At most `maxResults` people, 1 to 10; 10 when left out. */
  start: (photo: Blob, options?: SearchOptions) => void;
  /** Best first, those below the listing threshold included; undefined until succeeded. */
  matches: SearchDetail["matches"] | undefined;
}

/** From a photo to the people it resembles. */
export function useSearch(): Search {
  const { start, ...run } = useRun(SearchIdentitiesDocument);
  const search = useCallback(
    (image: Blob, options: SearchOptions = {}) => start({ image, maxResults: 10, ...options }),
    [start],
  );
  return {
    ...run,
    start: search,
    matches: run.job?.__typename === "SearchJob" ? run.job.matches : undefined,
  };
}

export interface Recognition extends Omit<Run<never>, "start"> {
  /** Does the photo show this person? */
  start: (identityId: string, photo: Blob) => void;
  /** Undefined until succeeded. */
  match: RecognitionDetail["match"] | undefined;
}

/** From a photo and a person to yes or no. */
export function useRecognition(): Recognition {
  const { start, ...run } = useRun(RecognizeIdentityDocument);
  const recognize = useCallback((identityId: string, image: Blob) => start({ identityId, image }), [start]);
  return {
    ...run,
    start: recognize,
    match: run.job?.__typename === "RecognitionJob" ? run.job.match : undefined,
  };
}

function identityOf(job: JobDetail | undefined) {
  return job?.__typename === "EnrolmentJob" ? job.identity : undefined;
}
