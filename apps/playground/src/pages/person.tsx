import { Anchor, Button, Group, Skeleton, Text, Title } from "@mantine/core";
import { useIdentityQuery } from "@prosopon/react-hooks";
import { IconArrowLeft, IconGhost2, IconUserCheck } from "@tabler/icons-react";
import { Link, useParams } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { AddPhotos } from "../components/add-photos.tsx";
import { DeletePerson, DeletionReceipt, type Receipt } from "../components/delete-person.tsx";
import { DetailsEditor } from "../components/details-editor.tsx";
import { Empty } from "../components/empty.tsx";
import { FaceCard } from "../components/face-card.tsx";
import { Failure } from "../components/failure.tsx";
import { PersonAvatar } from "../components/person-avatar.tsx";
import personClasses from "../components/person.module.css";
import { moment, nameOf } from "../library/text.ts";
import classes from "./person.module.css";

export function Person() {
  const { personId } = useParams({ from: "/people/$personId" });
  const [receipt, setReceipt] = useState<Receipt>();
  const [{ data, fetching, error }, again] = useIdentityQuery({
    variables: { id: personId },
    pause: receipt !== undefined,
  });
  const person = data?.identity;
  useEffect(() => {
    document.title = `${person ? nameOf(person) : "Person"} – Prosopon`;
  }, [person]);

  if (receipt) return <DeletionReceipt receipt={receipt} />;
  if (error && !person) {
    return (
      <Failure
        title="This person could not be loaded"
        message={error.graphQLErrors[0]?.message ?? "The server does not answer. Check that it is running."}
      >
        <Button variant="default" onClick={() => again({ requestPolicy: "network-only" })}>
          Try again
        </Button>
      </Failure>
    );
  }
  if (!person) return fetching ? <Placeholder /> : <Gone />;

  return (
    <>
      <Anchor
        renderRoot={(props) => <Link to="/" {...props} />}
        size="sm"
        c="dimmed"
        mb="md"
        style={{ display: "inline-flex", alignItems: "center", gap: 6 }}
      >
        <IconArrowLeft size={16} aria-hidden /> People
      </Anchor>
      <Group justify="space-between" mb="xl" gap="lg">
        <Group gap="lg" wrap="nowrap">
          <PersonAvatar person={person} size={84} />
          <div>
            <Title order={1}>{nameOf(person)}</Title>
            <Text c="dimmed" size="sm" mt={4}>
              {person.externalId ? `${person.externalId} · ` : ""}known since {moment(person.createdAt)}
            </Text>
          </div>
        </Group>
        <Group gap="sm">
          <Button
            variant="default"
            leftSection={<IconUserCheck size={17} />}
            renderRoot={(props) => <Link to="/recognise" search={{ person: person.identityId }} {...props} />}
          >
            Recognise
          </Button>
          <DeletePerson person={person} onDeleted={setReceipt} />
        </Group>
      </Group>
      <div className={classes.columns}>
        <section aria-labelledby="faces">
          <Group justify="space-between" mb="md">
            <Title order={2} id="faces">
              Faces
            </Title>
            <AddPhotos identityId={person.identityId} />
          </Group>
          <ul className={personClasses.grid}>
            {person.faces.map((face, index) => (
              <FaceCard key={face.id} face={face} number={index + 1} removable={person.faces.length > 1} />
            ))}
          </ul>
        </section>
        <aside aria-label="About this person">
          <DetailsEditor key={person.id} person={person} />
          <Text size="xs" c="dimmed" mt="md" px={4} style={{ overflowWrap: "anywhere" }}>
            Id <code>{person.identityId}</code>
          </Text>
        </aside>
      </div>
    </>
  );
}

function Placeholder() {
  return (
    <div aria-busy="true" aria-label="Loading">
      <Skeleton height={16} width={70} mb={20} />
      <Group mb="xl">
        <Skeleton height={84} width={84} radius="lg" />
        <Skeleton height={34} width={200} />
      </Group>
      <Skeleton height={320} radius="lg" />
    </div>
  );
}

function Gone() {
  return (
    <Empty
      icon={IconGhost2}
      title="Nobody has this id"
      action={<Button renderRoot={(props) => <Link to="/" {...props} />}>See all people</Button>}
    >
      The person was deleted, or belongs to another account.
    </Empty>
  );
}
