import { type AccountSearch, postgresSearchReport } from "@prosopon/service/postgres";
import { check, type Check } from "./check.ts";

/** Accounts told of one by one: the largest that a node's memory does not hold. */
const LISTED = 20;

const count = (value: number): string => value.toLocaleString("en");
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

/** How the accounts are searched by a node that holds so many faces in memory, and how well by an index. Changes nothing. */
export async function checkSearch(url: string, galleryFaces: number): Promise<Check[]> {
  let accounts: AccountSearch[] = [];
  let indexFrom = 0;
  const summary = await check("search", "See the database.", async () => {
    ({ accounts, indexFrom } = await postgresSearchReport(url, { galleryFaces }));
    const tier = (way: AccountSearch["way"], words: string) => {
      const its = accounts.filter((account) => account.way === way);
      return its.length === 0
        ? []
        : `${count(its.length)} ${words} (${count(its.reduce((sum, { faces }) => sum + faces, 0))} faces)`;
    };
    const tiers = [
      tier("memory", "exactly, from memory"),
      tier("scan", "exactly, by PostgreSQL"),
      tier("index", "by an HNSW index"),
    ].flat();
    return {
      state: "ok",
      detail: tiers.length > 0 ? `accounts: ${tiers.join(", ")}` : "no account yet",
    };
  });
  const large = accounts.filter(({ way }) => way !== "memory").slice(0, LISTED);
  return [summary, ...large.map((account) => stateOfAccount(account, indexFrom))];
}

function stateOfAccount({ name, faces, way, index }: AccountSearch, indexFrom: number): Check {
  const measured = index?.measured && wordsOf(index.measured);
  const found = { name: `search in ${name}`, state: "ok", detail: `${count(faces)} faces` } as const;
  if (way === "index") return { ...found, detail: `${found.detail}; ${measured}` };
  const exact = `${found.detail}, scanned exactly`;
  if (!index) {
    const coming = `${exact}; an index will be built by the next node that looks`;
    return { ...found, detail: faces < indexFrom ? exact : coming };
  }
  switch (index.state) {
    case "unfit":
    case "failed":
      return {
        ...found,
        state: "warn",
        detail: `${exact}; its index ${index.state === "unfit" ? `did not do: ${measured}` : `could not be made: ${index.note}`}`,
        fix: `Answers are exact but slow. ${index.state === "failed" ? "Mend what it says: it is tried again every hour; or have" : "Have"} the nodes hold more faces in memory (--gallery-faces ${faces} or more, 150 bytes each).`,
      };
    default:
      return {
        ...found,
        detail: `${exact} while its index is ${index.state === "building" ? "built" : "measured"}`,
      };
  }
}

function wordsOf(m: NonNullable<NonNullable<AccountSearch["index"]>["measured"]>): string {
  const least = `at least ${m.recallAt1AtLeast.toFixed(4)} with ${100 * m.confidence} % confidence`;
  return [
    `recall@1 ${m.recallAt1.toFixed(4)} (${least}: ${m.misses} of ${count(m.probes)} probes wrong, and ${m.strangerMisses} of ${count(m.strangers)} strangers), recall@10 ${m.recallAt10.toFixed(3)}`,
    `the index answers ${percent(m.answered)} of the enrolled alone (from cosine ${m.sure.toFixed(2)}, ef_search ${m.efSearch}), the rest is scanned as well`,
    `${m.indexMs.toFixed(0)} ms against ${m.exactMs.toFixed(0)} ms`,
    `measured ${new Date(m.at).toISOString().slice(0, 10)} on ${count(m.faces)} faces`,
  ].join("; ");
}
