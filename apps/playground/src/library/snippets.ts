import type { Action } from "./recent.ts";

export const languages = ["GraphQL", "React", "TypeScript", "curl"] as const;
export type Language = (typeof languages)[number];
export type Snippet = Record<Language, string>;

export function titleOf(action: Action): string {
  const titles: Record<Action["kind"], string> = {
    enrol: "Enrol a person",
    add: "Add photos to a person",
    search: "Search by a photo",
    identify: "Identify everybody in a photo",
    recognise: "Recognise a person",
    list: "List people",
    update: "Change a person",
    delete: "Delete a person",
    follow: "Follow a job live",
  };
  return titles[action.kind];
}

const json = (value: unknown) => JSON.stringify(value);
const quote = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

function client(body: string): string {
  const names = body.includes("imageFile(") ? '\nimport { imageFile } from "@prosopon/core/file";' : "";
  return `import { createClient } from "@prosopon/core";${names}\n\nconst client = createClient({ baseUrl: "${location.origin}", clientId, secretId });\n${body}`;
}

function curl(method: string, path: string, ...options: string[]): string {
  const lines = [
    `curl ${method === "GET" ? "" : `-X ${method} `}${quote(location.origin + path)}`,
    '-H "Authorization: Bearer $TOKEN"',
    ...options,
  ];
  return lines.join(" \\\n  ");
}

const part = (name: string, value: string) => `-F ${quote(`${name}=${value}`)}`;
const variables = (input: unknown) => `\n\n# Variables\n${JSON.stringify({ input }, null, 2)}`;
const uploads = (many: number) => (many > 0 ? "\n# The images are parts of a multipart request." : "");
const errors = "... on Error { code message path }";

export function snippetOf(action: Action): Snippet {
  switch (action.kind) {
    case "enrol": {
      const { files, name, externalId } = action;
      const metadata = name ? { name } : undefined;
      const given = [
        ...(externalId ? [`externalId: ${json(externalId)}`] : []),
        ...(metadata ? [`metadata: ${json(metadata)}`] : []),
      ];
      return {
        GraphQL: `mutation Enrol($input: CreateIdentityInput!) {\n  createIdentity(input: $input) {\n    ... on EnrolmentJob { id status }\n    ${errors}\n  }\n}${variables({ images: files.map(() => null), externalId, metadata })}${uploads(files.length)}`,
        React: `import { useEnrolment } from "@prosopon/react-hooks";\n\nconst { start, phase, progress, identity, failure } = useEnrolment();\nstart(files${given.length > 0 ? `, { ${given.join(", ")} }` : ""});`,
        TypeScript: client(
          `const job = await client.identities.create({\n  images: await Promise.all(${json(files)}.map(imageFile)),${given.map((line) => `\n  ${line},`).join("")}\n});\nconst { identityId } = await client.jobs.wait(job);`,
        ),
        curl:
          given.length > 0
            ? curl(
                "POST",
                "/v1/identities",
                ...files.map((file) => part("input_images", `@${file}`)),
                ...(externalId ? [part("external_id", externalId)] : []),
                ...(metadata ? [part("metadata", json(metadata))] : []),
              )
            : curl(
                "POST",
                "/innovation-service/identity",
                ...files.map((file) => part("input_images", `@${file}`)),
              ),
      };
    }
    case "add":
      return {
        GraphQL: `mutation AddPhotos($input: AddIdentityImagesInput!) {\n  addIdentityImages(input: $input) {\n    ... on EnrolmentJob { id status }\n    ${errors}\n  }\n}${variables({ identityId: action.identityId, images: action.files.map(() => null) })}${uploads(1)}`,
        React: `import { useAddPhotos } from "@prosopon/react-hooks";\n\nconst { start, phase, progress, failure } = useAddPhotos();\nstart(${json(action.identityId)}, files);`,
        TypeScript: client(
          `const job = await client.identities.addImages(${json(action.identityId)}, {\n  images: await Promise.all(${json(action.files)}.map(imageFile)),\n});\nawait client.jobs.wait(job);`,
        ),
        curl: curl(
          "PUT",
          "/innovation-service/identity",
          part("identity_id", action.identityId),
          ...action.files.map((file) => part("input_images", `@${file}`)),
        ),
      };
    case "search":
      return {
        GraphQL: `mutation Search($input: SearchIdentitiesInput!) {\n  searchIdentities(input: $input) {\n    ... on SearchJob { id status }\n    ${errors}\n  }\n}${variables({ image: null, maxResults: 10 })}${uploads(1)}\n\n# Then, once jobUpdated has said SUCCEEDED:\nquery Result($id: ID!) {\n  job(id: $id) {\n    ... on SearchJob { matches { score margin recognized identity { identityId name } } }\n  }\n}`,
        React: `import { useSearch } from "@prosopon/react-hooks";\n\nconst { start, phase, matches, failure } = useSearch();\nstart(file);`,
        TypeScript: client(
          `const job = await client.identities.search({ image: await imageFile(${json(action.file)}) });\nconst { matches } = await client.jobs.wait(job);`,
        ),
        curl: `${curl("POST", "/innovation-service/identity/search", part("input_image", `@${action.file}`), part("max_result", "10"))}\n\n# Then, with the job_id of the answer:\n${curl("GET", "/innovation-service/identity/search?job_id=JOB_ID&wait=30")}`,
      };
    case "identify":
      return {
        GraphQL: `mutation Identify($input: IdentifyInput!) {\n  identify(input: $input) {\n    ... on IdentifyJob { id status }\n    ${errors}\n  }\n}${variables({ image: null })}${uploads(1)}\n\n# Then, once jobUpdated has said SUCCEEDED:\nquery Result($id: ID!) {\n  job(id: $id) {\n    ... on IdentifyJob { faces { decision score identity { identityId name } box { x y width height } } }\n  }\n}`,
        React: `import { useIdentify } from "@prosopon/react-hooks";\n\nconst { start, phase, job, failure } = useIdentify();\nstart({ image: file });\n// then job.faces`,
        TypeScript: client(
          `const job = await client.jobs.identify({ image: await imageFile(${json(action.file)}) });\nconst { detail } = await client.jobs.wait(job);\nif (detail?.kind === "identify") console.log(detail.result?.faces);`,
        ),
        curl: `${curl("POST", "/v1/identify", part("input_image", `@${action.file}`))}\n\n# Then, with the job_id of the answer:\n${curl("GET", "/v1/jobs/JOB_ID?wait=30")}`,
      };
    case "recognise":
      return {
        GraphQL: `mutation Recognise($input: RecognizeIdentityInput!) {\n  recognizeIdentity(input: $input) {\n    ... on RecognitionJob { id status }\n    ${errors}\n  }\n}${variables({ identityId: action.identityId, image: null })}${uploads(1)}`,
        React: `import { useRecognition } from "@prosopon/react-hooks";\n\nconst { start, phase, match, failure } = useRecognition();\nstart(${json(action.identityId)}, file);`,
        TypeScript: client(
          `const job = await client.identities.recognize(${json(action.identityId)}, { image: await imageFile(${json(action.file)}) });\nconst { recognition } = await client.jobs.wait(job);`,
        ),
        curl: `${curl("POST", "/innovation-service/identity/recognize", part("identity_id", action.identityId), part("input_image", `@${action.file}`))}\n\n# Then, with the job_id of the answer:\n${curl("GET", "/innovation-service/identity/recognize?job_id=JOB_ID&wait=30")}`,
      };
    case "list": {
      const filter = action.text ? `, filter: { text: ${json(action.text)} }` : "";
      return {
        GraphQL: `query People {\n  identities(first: 24${filter}) {\n    edges { node { identityId name externalId faces { cropDataUrl quality { score } } } }\n    pageInfo { hasNextPage endCursor }\n  }\n}`,
        React: `import { useIdentitiesQuery } from "@prosopon/react-hooks";\n\nconst [{ data, fetching, error }] = useIdentitiesQuery({ variables: { first: 24${filter} } });`,
        TypeScript: client(
          `const { items, nextCursor } = await client.identities.list({ limit: 24${action.text ? `, text: ${json(action.text)}` : ""} });`,
        ),
        curl: curl(
          "GET",
          `/v1/identities?limit=24${action.text ? `&text=${encodeURIComponent(action.text)}` : ""}`,
        ),
      };
    }
    case "update": {
      const { identityId, metadata, externalId } = action;
      const patch = { ...(externalId !== undefined && { externalId }), metadata };
      return {
        GraphQL: `mutation Change($input: UpdateIdentityInput!) {\n  updateIdentity(input: $input) {\n    ... on Identity { identityId name externalId metadata }\n    ${errors}\n  }\n}${variables({ identityId, ...patch })}`,
        React: `import { useUpdateIdentityMutation } from "@prosopon/react-hooks";\n\nconst [{ fetching }, update] = useUpdateIdentityMutation();\nawait update({ input: ${json({ identityId, ...patch })} });`,
        TypeScript: client(`await client.identities.update(${json(identityId)}, ${json(patch)});`),
        curl: curl(
          "PATCH",
          `/v1/identities/${identityId}`,
          "-H 'Content-Type: application/json'",
          `-d ${quote(json({ ...(externalId !== undefined && { external_id: externalId }), metadata }))}`,
        ),
      };
    }
    case "delete":
      return {
        GraphQL: `mutation Delete($input: DeleteIdentitiesInput!) {\n  deleteIdentities(input: $input) {\n    ... on DeletedIdentities { identityIds }\n    ${errors}\n  }\n}${variables({ identityIds: [action.identityId] })}`,
        React: `import { useDeleteIdentitiesMutation } from "@prosopon/react-hooks";\n\nconst [{ fetching }, erase] = useDeleteIdentitiesMutation();\nawait erase({ input: { identityIds: [${json(action.identityId)}] } });`,
        TypeScript: client(`await client.identities.delete(${json(action.identityId)});`),
        curl: curl("DELETE", `/innovation-service/identity?identity_id=${action.identityId}`),
      };
    case "follow":
      return {
        GraphQL: `subscription Follow {\n  jobUpdated(id: ${json(action.jobId)}) { jobId status done error }\n}`,
        React: `import { useJob } from "@prosopon/react-hooks";\n\nconst { job, loading } = useJob(${json(action.jobId)});`,
        TypeScript: client(
          `for await (const { status } of client.jobs.watch(${json(action.jobId)})) console.log(status);`,
        ),
        curl: curl("GET", `/v1/jobs/${action.jobId}?wait=30`),
      };
  }
}
