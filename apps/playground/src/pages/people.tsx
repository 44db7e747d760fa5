import { Button, Group, Skeleton, TextInput, VisuallyHidden } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useIdentitiesQuery } from "@prosopon/react-hooks";
import { IconMoodSearch, IconSearch, IconUserPlus, IconUsers } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { Empty } from "../components/empty.tsx";
import { Failure } from "../components/failure.tsx";
import { PageHeader } from "../components/page-header.tsx";
import { PersonAvatar } from "../components/person-avatar.tsx";
import classes from "../components/person.module.css";
import { useCollectionVariable, useDefaultWhenGone } from "../library/collection.ts";
import { remember } from "../library/recent.ts";
import { count, nameOf } from "../library/text.ts";

const PAGE = 24;

export function People() {
  const [typed, setTyped] = useState("");
  const [text] = useDebouncedValue(typed.trim(), 250);
  const [after, setAfter] = useState<string>();
  const collection = useCollectionVariable();
  const [{ data, fetching, stale, error }, again] = useIdentitiesQuery({
    variables: { first: PAGE, ...collection, ...(after && { after }), ...(text && { filter: { text } }) },
  });
  useDefaultWhenGone(error);
  useEffect(() => remember({ kind: "list", ...(text && { text }) }), [text]);
  const people = data?.identities.edges.map(({ node }) => node);
  const more = data?.identities.pageInfo;
  const enrol = (
    <Button leftSection={<IconUserPlus size={18} />} renderRoot={(props) => <Link to="/enrol" {...props} />}>
      Enrol a person
    </Button>
  );

  return (
    <>
      <PageHeader title="People" actions={people && people.length > 0 && enrol}>
        Everybody this collection knows. Open a person to see their faces and how good they are for matching.
      </PageHeader>
      {(text !== "" || typed !== "" || (people && people.length > 0)) && (
        <TextInput
          type="search"
          size="md"
          mb="lg"
          maw={420}
          aria-label="Search people by name or external id"
          placeholder="Name or external id"
          leftSection={<IconSearch size={18} />}
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            setAfter(undefined);
          }}
        />
      )}
      {error && !people && (
        <Failure
          title="People could not be loaded"
          message={error.graphQLErrors[0]?.message ?? "The server does not answer. Check that it is running."}
        >
          <Button variant="default" onClick={() => again({ requestPolicy: "network-only" })}>
            Try again
          </Button>
        </Failure>
      )}
      {!people && fetching && <Placeholders />}
      {people?.length === 0 && !fetching && text === "" && (
        <Empty icon={IconUsers} title="Nobody is known here yet" action={enrol}>
          Enrol somebody from one to five photos. A clear, frontal photo is enough; a second one from another
          day makes matching surer.
        </Empty>
      )}
      {people?.length === 0 && !fetching && text !== "" && (
        <Empty icon={IconMoodSearch} title={`Nobody is called “${text}”`}>
          This looks at names and external ids. To find somebody by their face, use{" "}
          <Link to="/search">Search</Link>.
        </Empty>
      )}
      {people && people.length > 0 && (
        <ul className={classes.grid} aria-label="People">
          {people.map((person) => (
            <li key={person.id}>
              <Link to="/people/$personId" params={{ personId: person.identityId }} className={classes.card}>
                <PersonAvatar person={person} />
                <div>
                  <strong>{nameOf(person)}</strong>
                  <small className="number">
                    {person.name && person.externalId ? `${person.externalId} · ` : ""}
                    {count(person.faces.length, "face")}
                  </small>
                </div>
              </Link>
            </li>
          ))}
        </ul>
      )}
      {more?.hasNextPage && (
        <Group justify="center" mt="xl">
          <Button
            variant="default"
            loading={fetching || stale}
            onClick={() => setAfter(more.endCursor ?? undefined)}
          >
            Show more
          </Button>
        </Group>
      )}
      <VisuallyHidden role="status">
        {people && !fetching ? `${count(people.length, "person", "people")} shown` : ""}
      </VisuallyHidden>
    </>
  );
}

function Placeholders() {
  return (
    <div className={classes.grid} aria-busy="true" aria-label="Loading people">
      {Array.from({ length: 8 }, (_, index) => (
        <Skeleton key={index} radius="lg" style={{ aspectRatio: "0.76" }} />
      ))}
    </div>
  );
}
