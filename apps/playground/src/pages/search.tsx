import { Button, Group, Stack } from "@mantine/core";
import { useCollectionCalibrationQuery, useSearch, useServerQuery } from "@prosopon/react-hooks";
import { IconScan, IconUserQuestion } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Empty } from "../components/empty.tsx";
import { Failure } from "../components/failure.tsx";
import { JobTimeline } from "../components/job-timeline.tsx";
import { MatchRow } from "../components/match-row.tsx";
import { PageHeader } from "../components/page-header.tsx";
import { ScoreLegend } from "../components/score-bar.tsx";
import { ThresholdSlider } from "../components/threshold-slider.tsx";
import { WorkPhoto } from "../components/work-photo.tsx";
import { useCollectionVariable } from "../library/collection.ts";
import { usePhotos } from "../library/photos.ts";
import { remember } from "../library/recent.ts";
import classes from "./work.module.css";

export function Search() {
  const { photos, add, problem } = usePhotos(1);
  const { start, phase, progress, busy, job, matches, failure } = useSearch();
  const [{ data }] = useServerQuery();
  const [own, setOwn] = useState<number>();
  const thresholds = data?.server.thresholds;
  const line = own ?? thresholds?.listed;
  const collection = useCollectionVariable();
  const [{ data: gallery }] = useCollectionCalibrationQuery({
    variables: { id: collection.collection ?? "default" },
    pause: !matches,
    requestPolicy: "network-only",
  });
  const calibration = gallery?.collection?.calibration;
  const [photo] = photos;

  function look(files: File[]) {
    const [file] = files;
    if (!file) return;
    void add([file]);
    remember({ kind: "search", file: file.name });
    start(file, collection);
  }

  return (
    <>
      <PageHeader title="Search">
        Who is this? The photo is compared with everybody enrolled, and erased afterwards.
      </PageHeader>
      <div className={classes.columns}>
        <Stack>
          <WorkPhoto
            photo={photo}
            alt="The photo that was searched for"
            seen={job?.images?.[0]}
            busy={busy}
            problem={problem}
            onPhotos={look}
            title="Drop a photo here"
            hint="Or paste it, choose a file, or use the camera. The search starts at once."
          />
        </Stack>
        <Stack>
          {phase === "idle" && (
            <Empty icon={IconScan} title="Matches appear here">
              The people the photo resembles, best first, with how sure each answer is. If nobody reaches the
              threshold, the page says so.
            </Empty>
          )}
          {phase !== "idle" && !failure && <JobTimeline phase={phase} progress={progress} job={job} />}
          {failure && <Failure title="The search did not succeed" message={failure.message} />}
          {matches && thresholds && line !== undefined && (
            <div className="rise">
              <Stack>
                {!matches.some(({ score }) => score >= line) && (
                  <Nobody own={own} anyone={matches.length > 0} />
                )}
                {matches.length > 0 && (
                  <>
                    <ScoreLegend lines={{ ...thresholds, own }} />
                    <ol className={classes.results} aria-label="Matches, best first">
                      {matches.map((match, index) => (
                        <MatchRow
                          key={match.identityId}
                          match={match}
                          rank={index + 1}
                          lines={{ ...thresholds, own }}
                        />
                      ))}
                    </ol>
                  </>
                )}
                <ThresholdSlider
                  thresholds={thresholds}
                  points={(calibration?.points ?? []).map(({ score, fpir }) => ({ score, rate: fpir }))}
                  meaning={(often) => (
                    <>
                      With the {calibration?.faces.toLocaleString("en")} faces enrolled here, a stranger is
                      named in {often} searches.
                    </>
                  )}
                  value={line}
                  onChange={setOwn}
                />
              </Stack>
            </div>
          )}
        </Stack>
      </div>
    </>
  );
}

function Nobody({ own, anyone }: { own: number | undefined; anyone: boolean }) {
  return (
    <Empty
      icon={IconUserQuestion}
      title="Nobody we know"
      action={
        <Group justify="center">
          <Button variant="default" renderRoot={(props) => <Link to="/enrol" {...props} />}>
            Enrol them
          </Button>
        </Group>
      }
    >
      {anyone
        ? `The nearest faces stay below ${own === undefined ? "the listing threshold" : "your threshold"}; they are shown only for you to judge.`
        : "No enrolled face comes near this one."}
    </Empty>
  );
}
