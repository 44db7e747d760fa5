import { NativeSelect } from "@mantine/core";
import { useCollectionQuery } from "@prosopon/react-hooks";
import { Link, useNavigate, useRouterState } from "@tanstack/react-router";
import { useCallback, useEffect } from "react";
import { chooseCollection, useCollectionId } from "../library/collection.ts";
import { count } from "../library/text.ts";
import { useCollections } from "../library/use-collections.ts";
import classes from "./shell.module.css";

/** Which collection the pages work in. It is not shown by a server without collections. */
export function CollectionPicker() {
  const chosen = useCollectionId();
  const { all } = useCollections();
  const change = useChange();
  useGone(chosen, change);
  if (!all) return null;
  const standing = all.find(({ name }) => name === "default");
  return (
    <div className={classes.collection}>
      <NativeSelect
        label="Collection"
        aria-label="Collection"
        size="xs"
        value={(all.find(({ id }) => id === chosen) ?? standing)?.id ?? ""}
        data={all.map(({ id, name, identityCount }) => ({
          value: id,
          label: `${name} (${count(identityCount, "person", "people")})`,
        }))}
        onChange={({ currentTarget: { value } }) => change(value === standing?.id ? undefined : value)}
      />
      <Link to="/collections">Manage</Link>
    </div>
  );
}

/** A person is of one collection: the page about them does not stay in another, nor does a comparison with them. */
function useChange() {
  const navigate = useNavigate();
  return useCallback(
    (id: string | undefined) => {
      chooseCollection(id);
      void navigate({ to: location.pathname.startsWith("/people/") ? "/" : ".", search: {} });
    },
    [navigate],
  );
}

/** Looks at every step whether the chosen one is still there: it may have been deleted in another tab. */
function useGone(chosen: string | undefined, change: (id: undefined) => void) {
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const [{ data, fetching }, look] = useCollectionQuery({
    variables: { id: chosen ?? "" },
    pause: chosen === undefined,
  });
  useEffect(() => {
    if (chosen === undefined) return;
    const refresh = () => look({ requestPolicy: "network-only" });
    refresh();
    window.addEventListener("focus", refresh);
    return () => window.removeEventListener("focus", refresh);
  }, [chosen, look, path]);
  const gone = chosen !== undefined && !fetching && data?.collection === null;
  useEffect(() => {
    if (gone) change(undefined);
  }, [gone, change]);
}
