import { randomUUID } from "node:crypto";
import { CollectionCreate, type CollectionCalibration, CollectionPatch } from "@prosopon/core/contract";
import type { Engine } from "@prosopon/engine";
import type { EraseImages } from "../../../blobs/erase.ts";
import type { Clock } from "../../../clock.ts";
import { unknownId } from "../../../input/unknown-id.ts";
import type { Limits } from "../../../limits.ts";
import { createScale, TARGET_FPIR } from "../../../matching/scale.ts";
import type { Space } from "../../../space.ts";
import { DEFAULT_SETTINGS } from "../../../storage/rules/collections.ts";
import type { CollectionSettings, Storage } from "../../../storage/types.ts";
import { json, noContent, type Handler } from "../../call.ts";
import type { CollectionLookup } from "../../collection-lookup.ts";
import { readJson } from "../../json.ts";
import { pageOf } from "../../query.ts";
import type { Route } from "../../route.ts";
import { collectionView } from "../../views.ts";

/** What collections are made, changed and deleted with. */
export interface CollectionsRouteTools {
  storage: Storage;
  engine: Pick<Engine, "info">;
  collections: CollectionLookup;
  eraseImages: EraseImages;
  space: Space;
  limits: Limits;
  clock: Clock;
}

export function collectionsRoutes({
  storage,
  engine,
  collections,
  eraseImages,
  space,
  limits,
  clock,
}: CollectionsRouteTools): Route[] {
  const create: Handler = async ({ accountId, request }) => {
    const { name, settings } = await readJson(request, CollectionCreate, limits);
    await space.admit();
    const now = clock.now();
    const collection = {
      id: randomUUID(),
      accountId,
      name,
      settings: { ...DEFAULT_SETTINGS, ...settingsOf(settings) },
      createdAt: now,
      updatedAt: now,
    };
    await storage.collections.create(collection, limits);
    return json(collectionView({ ...collection, identities: 0, faces: 0 }), 201);
  };

  const list: Handler = async ({ accountId, query }) => {
    const { items, nextCursor } = await storage.collections.list(accountId, pageOf(query));
    return json({ collections: items.map(collectionView), ...(nextCursor && { next_cursor: nextCursor }) });
  };

  const get: Handler = async ({ accountId, params }) => {
    const named = params["id"]!;
    const collection = await storage.collections.get(accountId, named);
    if (!collection) throw unknownId("collection", named);
    return json(collectionView(collection));
  };

  const calibration: Handler = async ({ accountId, params }) => {
    const named = params["id"]!;
    const collection = await storage.collections.get(accountId, named);
    if (!collection) throw unknownId("collection", named);
    const { recogniser } = engine.info();
    const { thresholds, points } = createScale(recogniser.calibration).among(collection.faces);
    return json({
      collection_id: collection.id,
      recogniser: recogniser.id,
      faces: collection.faces,
      targets: TARGET_FPIR,
      thresholds,
      points: [...points()],
      measured_fmr: recogniser.calibration.falseMatchRates[0]![1],
    } satisfies CollectionCalibration);
  };

  const patch: Handler = async ({ accountId, params, request }) => {
    const { name, settings } = await readJson(request, CollectionPatch, limits);
    const collectionId = await collections.idOf(accountId, params["id"]);
    const change = { ...(name !== undefined && { name }), settings: settingsOf(settings) };
    const changed = await storage.collections.update({ accountId, collectionId }, change, clock.now());
    if (!changed) throw unknownId("collection", params["id"]!);
    return json(collectionView(changed));
  };

  /** Answers when all its people are erased. */
  const erase: Handler = async ({ accountId, params }) => {
    const collectionId = await collections.idOf(accountId, params["id"]);
    const { deleted, blobIds } = await storage.collections.delete({ accountId, collectionId }, clock.now());
    if (!deleted) throw unknownId("collection", params["id"]!);
    await eraseImages(blobIds);
    return noContent();
  };

  return [
    ["POST", "/v1/collections", "token", create],
    ["GET", "/v1/collections", "token", list],
    ["GET", "/v1/collections/:id", "token", get],
    ["GET", "/v1/collections/:id/calibration", "token", calibration],
    ["PATCH", "/v1/collections/:id", "token", patch],
    ["DELETE", "/v1/collections/:id", "token", erase],
  ];
}

const settingsOf = ({
  keep_crops,
  guard_quality,
  guard_mixed,
  guard_wrong_person,
  guard_duplicate,
}: NonNullable<CollectionPatch["settings"]> = {}): Partial<CollectionSettings> => ({
  ...(keep_crops !== undefined && { keepCrops: keep_crops }),
  ...(guard_quality !== undefined && { guardQuality: guard_quality }),
  ...(guard_mixed !== undefined && { guardMixed: guard_mixed }),
  ...(guard_wrong_person !== undefined && { guardWrongPerson: guard_wrong_person }),
  ...(guard_duplicate !== undefined && { guardDuplicate: guard_duplicate }),
});
