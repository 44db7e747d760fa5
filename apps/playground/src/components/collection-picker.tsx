import { NativeSelect } from "@mantine/core";
import { useCollectionsQuery } from "@prosopon/react-hooks";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { chooseCollection, useCollectionId } from "../library/collection.ts";
import { count } from "../library/text.ts";
import classes from "./shell.module.css";

/** Most accounts have a handful. */
const MOST = 100;

/** Which collection the pages work in. It is not shown by a server without collections. */
export function CollectionPicker() {
  const chosen = useCollectionId();
  const [{ data }] = useCollectionsQuery({ variables: { first: MOST } });
  const all = data?.collections.edges.map(({ node }) => node);
  const gone = chosen !== undefined && all !== undefined && !all.some(({ id }) => id === chosen);
  // Deleted elsewhere, or another account's.
  useEffect(() => {
    if (gone) chooseCollection(undefined);
  }, [gone]);
  if (!all) return null;
  const standing = all.find(({ name }) => name === "default");
  return (
    <div className={classes.collection}>
      <NativeSelect
        label="Collection"
        aria-label="Collection"
        size="xs"
        value={chosen ?? standing?.id ?? ""}
        data={all.map(({ id, name, identityCount }) => ({
          value: id,
          label: `${name} (${count(identityCount, "person", "people")})`,
        }))}
        onChange={({ currentTarget: { value } }) =>
          chooseCollection(value === standing?.id ? undefined : value)
        }
      />
      <Link to="/collections">Manage</Link>
    </div>
  );
}
