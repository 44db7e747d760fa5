import { Stack } from "@mantine/core";
import { useIdentify } from "@prosopon/react-hooks";
import { IconMoodEmpty, IconUsersGroup } from "@tabler/icons-react";
import { Empty } from "../components/empty.tsx";
import { Failure } from "../components/failure.tsx";
import { FaceRow } from "../components/face-row.tsx";
import { JobTimeline } from "../components/job-timeline.tsx";
import { PageHeader } from "../components/page-header.tsx";
import { WorkPhoto } from "../components/work-photo.tsx";
import { useCollectionVariable } from "../library/collection.ts";
import { usePhotos } from "../library/photos.ts";
import { remember } from "../library/recent.ts";
import { count, nameOf } from "../library/text.ts";
import classes from "./work.module.css";

export function Identify() {
  const { photos, add, problem } = usePhotos(1);
  const { start, phase, progress, busy, job, failure } = useIdentify();
  const collection = useCollectionVariable();
  const [photo] = photos;
  const faces = phase === "succeeded" ? job?.faces : undefined;

  function look(files: File[]) {
    const [file] = files;
    if (!file) return;
    void add([file]);
    remember({ kind: "identify", file: file.name });
    start({ image: file, ...collection });
  }

  return (
    <>
      <PageHeader title="Identify">
        Who is everybody? Each face in the photo is compared with the enrolled people, and nobody is found
        twice.
      </PageHeader>
      <div className={classes.columns}>
        <Stack>
          <WorkPhoto
            photo={photo}
            alt="The photo of the people to identify"
            seen={job?.images?.[0]}
            busy={busy}
            problem={problem}
            tags={faces?.map(
              ({ identity }, index) => `${index + 1}${identity ? ` ${nameOf(identity)}` : ""}`,
            )}
            onPhotos={look}
            title="Drop a photo here"
            hint="Or paste it, choose a file, or use the camera. A group photo is what this is for."
          />
        </Stack>
        <Stack>
          {phase === "idle" && (
            <Empty icon={IconUsersGroup} title="Faces appear here">
              Every face in the photo, largest first, with who it is and how sure the answer is. A stranger
              matches nobody.
            </Empty>
          )}
          {phase !== "idle" && !failure && <JobTimeline phase={phase} progress={progress} job={job} />}
          {failure && <Failure title="The photo was not identified" message={failure.message} />}
          {faces?.length === 0 && (
            <Empty icon={IconMoodEmpty} title="No face found">
              Use a photo in which faces are larger than 30 pixels, and sharp.
            </Empty>
          )}
          {faces && faces.length > 0 && (
            <ol
              className={`${classes.results} rise`}
              aria-label={`${count(faces.length, "face")}, largest first`}
            >
              {faces.map((face, index) => (
                <FaceRow key={`${face.box.x} ${face.box.y}`} face={face} number={index + 1} />
              ))}
            </ol>
          )}
        </Stack>
      </div>
    </>
  );
}
