export const CHANNEL = "prosopon";

export interface Message {
  origin: string;
  due: boolean;
  /** Accounts by row with their newest event. */
  heads: (readonly [account: number, seq: number])[];
}

/** `origin;1;12:345,13:7`. Ids only: whoever may listen learns nothing of the people. */
export function encode({ origin, due, heads }: Message): string {
  return `${origin};${due ? 1 : 0};${heads.map(([account, seq]) => `${account}:${seq}`).join(",")}`;
}

/** undefined for what is not ours; a later version's additions behind another `;` are ignored. */
export function decode(text: string): Message | undefined {
  const [origin, due, heads] = text.split(";");
  if (origin === undefined || due === undefined || heads === undefined) return undefined;
  const pairs = [...heads.matchAll(/(\d+):(\d+)/g)].map(
    ([, account, seq]) => [Number(account), Number(seq)] as const,
  );
  return { origin, due: due === "1", heads: pairs };
}
