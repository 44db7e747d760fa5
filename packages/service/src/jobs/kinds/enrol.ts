import { randomUUID } from "node:crypto";
import { EXTERNAL_ID_MAX_LENGTH } from "@prosopon/core/contract";
import type { Call } from "../../http/call.ts";
import type { Form } from "../../http/form.ts";
import { parseJson } from "../../http/json.ts";
import { checkedMetadata } from "../../http/metadata.ts";
import { HttpProblem } from "../../http/problem.ts";
import { analysePrincipals, enrolmentResult, newFace } from "../analyse-images.ts";
import { JobFault } from "../fault.ts";
import { mixedPeople } from "../../matching/mixed.ts";
import type { Kind } from "./kind.ts";

interface Payload {
  externalId?: string;
  metadata?: Record<string, unknown>;
}

/** Photos of one person become an identity. */
export const enrol: Kind<Payload> = {
  kind: "enrol",
  starts: [
    {
      method: "POST",
      path: "/innovation-service/identity",
      api: "documented",
      summary: "Enrol a person from 1 to 5 images",
      form: { input_images: "images" },
      read: () => ({}),
    },
    {
      method: "POST",
      path: "/v1/identities",
      api: "own",
      summary: "Enrol with an external id and metadata (JSON text)",
      form: { input_images: "images", external_id: "text", metadata: "text" },
      problems: [409],
      read: readName,
    },
  ],
  statuses: [
    {
      path: "/innovation-service/identity",
      summary: "State of a create or add job",
      schema: "EnrolmentAnswer",
    },
  ],

  async run({ storage, ...tools }, job, { externalId, metadata = {} }, signal) {
    const settings = (await storage.accounts.byId(job.accountId))?.settings;
    const images = await analysePrincipals(tools, job, { crop: settings?.keepCrops ?? false, signal });
    const warning = mixedPeople(images.map(({ face }) => face.embedding));
    if (warning && settings?.refuseMixedIdentities) throw new JobFault(warning);
    const faces = images.map(newFace);
    return {
      type: "enrolled",
      identityId: randomUUID(),
      ...(externalId !== undefined && { externalId }),
      metadata,
      faces,
      result: enrolmentResult(images, faces, warning),
    };
  },
};

/** @throws HttpProblem 400, 409 */
async function readName({ deps, accountId }: Call, form: Form): Promise<Payload> {
  const externalId = form.text("external_id") || undefined;
  if (externalId && externalId.length > EXTERNAL_ID_MAX_LENGTH)
    throw new HttpProblem(400, `external_id is over ${EXTERNAL_ID_MAX_LENGTH} characters`);
  const text = form.text("metadata");
  const metadata = text ? checkedMetadata(parseJson(text)) : {};
  // Told now where it can be; a race of two creates is told by the job.
  const taken =
    externalId && (await deps.storage.identities.list(accountId, { externalId }, { limit: 1 })).items[0];
  if (taken) throw new HttpProblem(409, `the external id is taken by the identity ${taken.id}`);
  return { ...(externalId && { externalId }), metadata };
}
