import { Paper, Select, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useIdentitiesQuery, useIdentityQuery, useRecognition, useServerQuery } from "@prosopon/react-hooks";
import { IconUserCheck, IconUsers } from "@tabler/icons-react";
import { Link, useNavigate, useSearch as useAddress } from "@tanstack/react-router";
import { useState } from "react";
import { Empty } from "../components/empty.tsx";
import { Failure } from "../components/failure.tsx";
import { JobTimeline } from "../components/job-timeline.tsx";
import { PageHeader } from "../components/page-header.tsx";
import { PersonAvatar } from "../components/person-avatar.tsx";
import { ThresholdSlider } from "../components/threshold-slider.tsx";
import { Verdict } from "../components/verdict.tsx";
import { WorkPhoto } from "../components/work-photo.tsx";
import { useCollectionVariable, useDefaultWhenGone } from "../library/collection.ts";
import { usePhotos } from "../library/photos.ts";
import { remember } from "../library/recent.ts";
import { nameOf } from "../library/text.ts";
import classes from "./work.module.css";

export function Recognise() {
  const { person: personId } = useAddress({ from: "/_collection/recognise" });
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const collection = useCollectionVariable();
  const [text] = useDebouncedValue(typed, 250);
  const [{ data: list, fetching, error }] = useIdentitiesQuery({
    variables: { first: 50, ...collection, ...(text && { filter: { text } }) },
  });
  useDefaultWhenGone(error);
  const [{ data: one }] = useIdentityQuery({ variables: { id: personId ?? "" }, pause: !personId });
  const [{ data: about }] = useServerQuery();
  const { photos, add, problem } = usePhotos(1);
  const { start, reset, phase, progress, busy, job, match, failure } = useRecognition();
  const [own, setOwn] = useState<number>();
  const [photo] = photos;
  const thresholds = about?.server.thresholds;

  const people = list?.identities.edges.map(({ node }) => node) ?? [];
  const person = personId
    ? (people.find(({ identityId }) => identityId === personId) ?? one?.identity ?? undefined)
    : undefined;
  const options = [...people, ...(person && !people.some(({ id }) => id === person.id) ? [person] : [])].map(
    (known) => ({ value: known.identityId, label: nameOf(known) }),
  );

  function compare(files: File[]) {
    const [file] = files;
    if (!file || !person) return;
    void add([file]);
    remember({ kind: "recognise", file: file.name, identityId: person.identityId });
    start(person.identityId, file);
  }

  if (list && people.length === 0 && !text && !fetching) {
    return (
      <>
        <PageHeader title="Recognise">
          Is this really them? A photo is compared with one person whom you name.
        </PageHeader>
        <Empty
          icon={IconUsers}
          title="Nobody to compare with yet"
          action={<Link to="/enrol">Enrol a person</Link>}
        >
          Recognising says yes or no about one person. Enrol somebody first.
        </Empty>
      </>
    );
  }

  return (
    <>
      <PageHeader title="Recognise">
        Is this really them? A photo is compared with one person whom you name.
      </PageHeader>
      <div className={classes.columns}>
        <Stack>
          {list ? (
            <Select
              label="Who should it be?"
              placeholder="Choose a person"
              size="md"
              searchable
              data={options}
              value={personId ?? null}
              onSearchChange={(value) => setTyped(options.some(({ label }) => label === value) ? "" : value)}
              onChange={(value) => {
                reset();
                void navigate({ to: "/recognise", search: value ? { person: value } : {}, replace: true });
              }}
              leftSection={person && <PersonAvatar person={person} size={26} />}
              leftSectionWidth={person ? 46 : 0}
              nothingFoundMessage="Nobody by that name"
              disabled={busy}
            />
          ) : (
            <Skeleton height={68} />
          )}
          <WorkPhoto
            photo={phase === "idle" ? undefined : photo}
            alt="The photo that was compared"
            seen={job?.images?.[0]}
            busy={busy}
            problem={problem}
            disabled={!person}
            onPhotos={compare}
            title={person ? `Drop a photo of ${nameOf(person)} here` : "First choose a person"}
            hint="Or paste it, choose a file, or use the camera. The comparison starts at once."
          />
        </Stack>
        <Stack>
          {phase === "idle" && (
            <Empty icon={IconUserCheck} title="The answer appears here">
              Yes or no, with the score and both thresholds it is judged by. A “no” is a good answer too: it
              keeps strangers out.
            </Empty>
          )}
          {phase !== "idle" && !failure && <JobTimeline phase={phase} progress={progress} job={job} />}
          {failure && <Failure title="The comparison did not succeed" message={failure.message} />}
          {match && thresholds && person && (
            <Verdict match={match} person={person} lines={{ ...thresholds, own }} />
          )}
          {match && about && (
            <ThresholdSlider
              thresholds={about.server.thresholds}
              points={about.server.calibration.map(({ score, fmr }) => ({ score, rate: fmr }))}
              meaning={(often) => <>A stranger is taken for this person in {often} comparisons.</>}
              value={own ?? about.server.thresholds.recognized}
              onChange={setOwn}
            />
          )}
          {phase === "succeeded" && !match && (
            <Paper>
              <Title order={2}>No result</Title>
              <Text c="dimmed">The person was deleted while the job ran.</Text>
            </Paper>
          )}
        </Stack>
      </div>
    </>
  );
}
