import { useLayoutEffect, useSyncExternalStore } from "react";

/** The id of the collection that the pages work in; undefined for `default`. It is kept for the tab, until somebody signs out. */
const KEY = "prosopon.collection";
const listeners = new Set<() => void>();

export function chooseCollection(id: string | undefined): void {
  if (id === undefined) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, id);
  for (const listener of listeners) listener();
}

export function useCollectionId(): string | undefined {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => sessionStorage.getItem(KEY) ?? undefined,
  );
}

/** As the hooks take it. */
export function useCollectionVariable(): { collection?: string } {
  const collection = useCollectionId();
  return collection === undefined ? {} : { collection };
}

/** Goes back to `default` where the people of a collection cannot be listed because it is gone, before the error is seen. */
export function useDefaultWhenGone(
  error: { graphQLErrors: { extensions: Record<string, unknown> }[] } | undefined,
): void {
  const gone = error?.graphQLErrors.some(({ extensions }) => extensions["code"] === "NOT_FOUND");
  useLayoutEffect(() => {
    if (gone) chooseCollection(undefined);
  }, [gone]);
}
