import { Alert, Button, Group, Paper, Stack, Text, TextInput, Title } from "@mantine/core";
import { useEnrolment } from "@prosopon/react-hooks";
import { IconCircleCheck, IconInfoCircle } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { type SyntheticEvent, useState } from "react";
import { Failure } from "../components/failure.tsx";
import { JobTimeline } from "../components/job-timeline.tsx";
import { PageHeader } from "../components/page-header.tsx";
import { PhotoDrop } from "../components/photo-drop.tsx";
import { PhotoFaces } from "../components/photo-faces.tsx";
import { PhotoThumbs } from "../components/photo-thumbs.tsx";
import { useCollectionVariable } from "../library/collection.ts";
import { usePhotos } from "../library/photos.ts";
import { remember } from "../library/recent.ts";
import { count, nameOf } from "../library/text.ts";
import classes from "./work.module.css";

const MOST = 5;

export function Enrol() {
  const { photos, add, remove, clear, problem } = usePhotos(MOST);
  const [name, setName] = useState("");
  const [externalId, setExternalId] = useState("");
  const collection = useCollectionVariable();
  const { start, cancel, reset, phase, progress, busy, job, failure, identity } = useEnrolment();

  function submit(event: SyntheticEvent) {
    event.preventDefault();
    const who = {
      ...(name.trim() && { name: name.trim() }),
      ...(externalId.trim() && { externalId: externalId.trim() }),
    };
    remember({ kind: "enrol", files: photos.map(({ file }) => file.name), ...who });
    start(
      photos.map(({ file }) => file),
      {
        ...collection,
        ...(who.name && { metadata: { name: who.name } }),
        ...(who.externalId && { externalId: who.externalId }),
      },
    );
  }

  function another() {
    reset();
    clear();
    setName("");
    setExternalId("");
  }

  const warnings = job?.__typename === "EnrolmentJob" ? (job.warnings ?? []) : [];
  const choosing = phase === "idle" || phase === "failed" || phase === "cancelled";

  return (
    <>
      <PageHeader title="Enrol">
        Enrol a person from one to five photos of them. The photos are erased when the job ends; a template of
        each face is kept.
      </PageHeader>
      <div className={classes.columns}>
        <Stack>
          {choosing && (
            <>
              <PhotoDrop
                many
                compact={photos.length > 0}
                onPhotos={(files) => void add(files)}
                title="Drop photos of one person here"
                hint="Or paste them, choose files, or use the camera. JPEG or PNG, face to the front, no sunglasses."
              />
              {problem && <Failure title="Not every file was taken" message={problem} />}
              <PhotoThumbs photos={photos} onRemove={remove} />
            </>
          )}
          {!choosing && (
            <div className={photos.length > 1 ? classes.photos : undefined}>
              {photos.map(({ id, url }, index) => (
                <PhotoFaces
                  key={id}
                  url={url}
                  alt={`Photo ${index + 1}`}
                  seen={job?.images?.[index]}
                  scanning={busy}
                />
              ))}
            </div>
          )}
        </Stack>
        <Stack>
          {phase !== "succeeded" && (
            <Paper component="form" onSubmit={submit}>
              <Title order={2} mb="md">
                Who is it?
              </Title>
              <Stack gap="sm">
                <TextInput
                  label="Name"
                  size="md"
                  value={name}
                  disabled={busy}
                  onChange={(event) => setName(event.currentTarget.value)}
                />
                <TextInput
                  label="External id"
                  description="Your own key for this person; optional"
                  size="md"
                  value={externalId}
                  disabled={busy}
                  onChange={(event) => setExternalId(event.currentTarget.value)}
                />
                <Group gap="sm" mt={6}>
                  <Button
                    type="submit"
                    size="md"
                    disabled={photos.length === 0}
                    loading={busy}
                    style={{ flex: 1 }}
                  >
                    {photos.length === 0
                      ? "Add a photo first"
                      : `Enrol from ${count(photos.length, "photo")}`}
                  </Button>
                  {busy && (
                    <Button variant="default" size="md" onClick={cancel}>
                      {phase === "uploading" ? "Cancel" : "Stop waiting"}
                    </Button>
                  )}
                </Group>
              </Stack>
            </Paper>
          )}
          {(busy || phase === "succeeded" || (phase === "failed" && job)) && (
            <JobTimeline phase={phase} progress={progress} job={job} />
          )}
          {failure && <Failure title="Nobody was enrolled" message={failure.message} />}
          {phase === "cancelled" && (
            <Alert variant="outline" color="gray" icon={<IconInfoCircle size={20} />}>
              Stopped. If the photos had already arrived, the job goes on: see <Link to="/jobs">Jobs</Link>.
            </Alert>
          )}
          {warnings.map(({ message }) => (
            <Alert
              key={message}
              variant="outline"
              color="honey"
              title="Worth a look"
              icon={<IconInfoCircle size={20} />}
            >
              {message}
            </Alert>
          ))}
          {phase === "succeeded" && identity && (
            <Paper className="rise">
              <Group wrap="nowrap" align="flex-start">
                <IconCircleCheck
                  size={30}
                  color="var(--sea)"
                  stroke={1.7}
                  aria-hidden
                  style={{ flex: "none" }}
                />
                <div>
                  <Title order={2}>{nameOf(identity)} is enrolled</Title>
                  <Text c="dimmed" mt={4}>
                    {count(identity.faces.length, "face")} stored. From now on a photo is enough to find them.
                  </Text>
                  <Group mt="md" gap="sm">
                    <Button
                      renderRoot={(props) => (
                        <Link to="/people/$personId" params={{ personId: identity.identityId }} {...props} />
                      )}
                    >
                      Open
                    </Button>
                    <Button variant="default" onClick={another}>
                      Enrol another
                    </Button>
                  </Group>
                </div>
              </Group>
            </Paper>
          )}
        </Stack>
      </div>
    </>
  );
}
