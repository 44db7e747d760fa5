import type { JobResult } from "@prosopon/core/contract";
import { keepCandidates } from "../../candidates.ts";
import type { Context } from "../context.ts";
import { toJson } from "../text.ts";

/** Jobs of one transaction: what finishes meanwhile waits for one at most. */
const BATCH = 1_000;

/** The rows and ids of deleted identities; all that are noted where none are given. */
export type ForgetMentions = (identities?: readonly { row: number; id: string }[]) => Promise<void>;

/**
 * Takes deleted identities out of the answers of the searches that found them. In a small gallery every search of a week
 * names everyone, which can be millions, so it is done after the deletion's commit, in steps; what a node that died left
 * is noted in `forgettings`, and the next sweep of any node goes on with it.
 */
export function createForgetMentions({ read, transaction }: Context): ForgetMentions {
  /** True when there may be more. */
  async function step(identity: number, gone: ReadonlyMap<number, string>): Promise<boolean> {
    return transaction(
      async ({ query }) => {
        // The key of mentions. No more come: whoever notes one holds the identity for it.
        const naming = await query<{ job: number }>(
          "SELECT job FROM mentions WHERE identity = $1 ORDER BY job LIMIT $2",
          [identity, BATCH],
        );
        const rows = naming.map(({ job }) => job);
        const found = await query<{ row: number; result: JobResult }>(
          "SELECT row, result FROM jobs WHERE row = ANY ($1::bigint[]) AND result IS NOT NULL ORDER BY row FOR NO KEY UPDATE",
          [rows],
        );
        const ids = new Set(gone.values());
        await query(
          "UPDATE jobs j SET result = b.result::json FROM unnest($1::bigint[], $2::text[]) AS b (row, result) WHERE j.row = b.row",
          [
            found.map(({ row }) => row),
            found.map(({ result }) =>
              toJson(keepCandidates(result, ({ identity_id }) => !ids.has(identity_id))),
            ),
          ],
        );
        await query("DELETE FROM mentions WHERE identity = ANY ($1::bigint[]) AND job = ANY ($2::bigint[])", [
          [...gone.keys()],
          rows,
        ]);
        return rows.length === BATCH;
      },
      { repeatable: true },
    );
  }

  return async (identities) => {
    const noted =
      identities ??
      (await read<{ row: number; id: string }>(
        "SELECT identity AS row, id FROM forgettings ORDER BY identity",
      ));
    if (noted.length === 0) return;
    const gone = new Map(noted.map(({ row, id }) => [row, id]));
    for (const identity of gone.keys()) while (await step(identity, gone));
    await transaction(
      ({ query }) => query("DELETE FROM forgettings WHERE identity = ANY ($1::bigint[])", [[...gone.keys()]]),
      { repeatable: true, single: true },
    );
  };
}
