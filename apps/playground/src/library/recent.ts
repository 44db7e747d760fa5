import { useSyncExternalStore } from "react";

/** What was last done on this page, so that the API page can show it as code. Photos are named, never kept. */
export type Action =
  | { kind: "enrol"; files: string[]; name?: string; externalId?: string }
  | { kind: "add"; files: string[]; identityId: string }
  | { kind: "search"; file: string }
  | { kind: "identify"; file: string }
  | { kind: "recognise"; file: string; identityId: string }
  | { kind: "list"; text?: string }
  | { kind: "update"; identityId: string; metadata: Record<string, unknown>; externalId?: string | null }
  | { kind: "delete"; identityId: string }
  | { kind: "follow"; jobId: string };

const KEPT = 8;
let actions: Action[] = [];
const listeners = new Set<() => void>();

export function remember(action: Action): void {
  const same = JSON.stringify(action);
  actions = [action, ...actions.filter((other) => JSON.stringify(other) !== same)].slice(0, KEPT);
  for (const listener of listeners) listener();
}

/** Of one person only: the next who signs in must not read it. */
export function forgetAll(): void {
  actions = [];
  for (const listener of listeners) listener();
}

export function useRecent(): readonly Action[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => actions,
  );
}
