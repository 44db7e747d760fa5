import type { CollectionSettings } from "@prosopon/core/contract";
import type { Values } from "./config.ts";
import { UsageError } from "./errors.ts";

/** Options that say what holds for the people of a collection. */
export const SETTINGS = [
  "keepCrops",
  "guardQuality",
  "guardMixed",
  "guardWrongPerson",
  "guardDuplicate",
] as const;

export type SettingsOptions = Values<(typeof SETTINGS)[number]>;

/** Those that were given. */
export const givenSettings = ({
  keepCrops,
  guardQuality,
  guardMixed,
  guardWrongPerson,
  guardDuplicate,
}: SettingsOptions): Partial<CollectionSettings> => ({
  ...(keepCrops !== undefined && { keep_crops: keepCrops }),
  ...(guardQuality !== undefined && { guard_quality: guardQuality }),
  ...(guardMixed !== undefined && { guard_mixed: guardMixed }),
  ...(guardWrongPerson !== undefined && { guard_wrong_person: guardWrongPerson }),
  ...(guardDuplicate !== undefined && { guard_duplicate: guardDuplicate }),
});

/** @throws UsageError when there is none */
export function someChange<Change extends object>(change: Change): Change {
  if (Object.keys(change).length === 0)
    throw new UsageError(
      "Nothing to change: give --keep-crops on|off, or --guard-quality, --guard-mixed, --guard-wrong-person or --guard-duplicate off|warn|reject.",
    );
  return change;
}

/** For a table. */
export const settingsCells = ({
  keep_crops,
  guard_quality,
  guard_mixed,
  guard_wrong_person,
  guard_duplicate,
}: CollectionSettings) => ({
  crops: keep_crops ? "kept" : "not kept",
  guards: `quality ${guard_quality}, mixed ${guard_mixed}, wrong person ${guard_wrong_person}, duplicate ${guard_duplicate}`,
});
