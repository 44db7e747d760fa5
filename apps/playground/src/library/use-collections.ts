import { type CollectionFieldsFragment, useCollectionsQuery } from "@prosopon/react-hooks";
import { useEffect, useState } from "react";

/** The most that the server gives at once. */
const PAGE = 100;

/** All collections of the account, newest first. While they are read again, what was read before stays. */
export function useCollections() {
  const [after, setAfter] = useState<string>();
  const [all, setAll] = useState<CollectionFieldsFragment[]>();
  const [{ data, error }, again] = useCollectionsQuery({
    variables: { first: PAGE, ...(after && { after }) },
  });

  // The cache joins the pages. At the end the hook asks for the first again, so that it begins there when a change makes the cache forget them.
  useEffect(() => {
    if (!data) return;
    const { edges, pageInfo } = data.collections;
    setAfter((pageInfo.hasNextPage && pageInfo.endCursor) || undefined);
    if (!pageInfo.hasNextPage) setAll(edges.map(({ node }) => node));
  }, [data]);

  // Another tab may have changed them. Only a list of one page is read again: a new first page might not fit the others in the cache.
  const one = all !== undefined && all.length <= PAGE;
  useEffect(() => {
    if (!one) return;
    const refresh = () => again({ requestPolicy: "network-only" });
    window.addEventListener("focus", refresh);
    return () => window.removeEventListener("focus", refresh);
  }, [again, one]);

  return { all, error };
}
