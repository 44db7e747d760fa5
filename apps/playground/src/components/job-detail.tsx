import { Button, Drawer, Group, Skeleton, Stack, Text } from "@mantine/core";
import { type JobDetail as Job, type RunPhase, useJob } from "@prosopon/react-hooks";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { remember } from "../library/recent.ts";
import { count, kinds, nameOf, score } from "../library/text.ts";
import { CancelJob } from "./cancel-job.tsx";
import { Failure } from "./failure.tsx";
import { JobTimeline } from "./job-timeline.tsx";
import { RetryJob } from "./retry-job.tsx";

const phases: Partial<Record<Job["status"], RunPhase>> = {
  SUCCEEDED: "succeeded",
  FAILED: "failed",
  REVOKED: "failed",
  STARTED: "started",
};

interface JobDetailProps {
  id: string | undefined;
  onOpen: (id: string) => void;
  onClose: () => void;
}

export function JobDetail({ id, onOpen, onClose }: JobDetailProps) {
  const { job, loading } = useJob(id);
  useEffect(() => {
    if (id) remember({ kind: "follow", jobId: id });
  }, [id]);
  return (
    <Drawer
      opened={id !== undefined}
      onClose={onClose}
      position="right"
      title={job ? kinds[job.kind] : "Job"}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {!job && loading && <Skeleton height={200} />}
      {job === null && (
        <Failure
          title="This job is gone"
          message="Records of jobs are kept for seven days after their end."
        />
      )}
      {job && (
        <Stack>
          <JobTimeline phase={phases[job.status] ?? "sent"} job={job} />
          {!job.done && <CancelJob key={job.id} job={job} />}
          {job.error && (
            <Failure title="Why it failed" message={job.error}>
              {job.dead && <RetryJob key={job.id} job={job} onOpen={onOpen} />}
            </Failure>
          )}
          {job.images?.map((image, index) => (
            <Text key={index} size="sm" className="number">
              Image {index + 1}: {image.width} × {image.height}, {count(image.faces.length, "face")} found
            </Text>
          ))}
          <Outcome job={job} />
          <Text size="xs" c="dimmed" style={{ overflowWrap: "anywhere" }}>
            Id <code>{job.jobId}</code>
            {job.attempts !== null && job.attempts > 1 && `, tried ${job.attempts} times`}
          </Text>
        </Stack>
      )}
    </Drawer>
  );
}

function Outcome({ job }: { job: Job }) {
  if (job.__typename === "SearchJob") {
    if (!job.matches) return null;
    const listed = job.matches.filter((match) => match.listed);
    if (listed.length === 0) return <Text fw={600}>Nobody we know.</Text>;
    return (
      <Stack gap={4}>
        {listed.map((match) => (
          <Group key={match.identityId} justify="space-between">
            <Link to="/people/$personId" params={{ personId: match.identityId }}>
              {nameOf(match.identity ?? match)}
            </Link>
            <span className="number">{score(match.score)}</span>
          </Group>
        ))}
      </Stack>
    );
  }
  if (job.__typename === "RecognitionJob") {
    if (!job.match) return null;
    const who = nameOf(job.identity ?? job.match);
    return (
      <Text fw={600} className="number">
        {job.match.recognized ? `Yes, ${who}` : `No, not ${who}`} ({score(job.match.score)})
      </Text>
    );
  }
  const identity = job.__typename === "EnrolmentJob" ? job.identity : null;
  if (!identity) return null;
  return (
    <Button
      variant="default"
      renderRoot={(props) => (
        <Link to="/people/$personId" params={{ personId: identity.identityId }} {...props} />
      )}
    >
      Open {nameOf(identity)}
    </Button>
  );
}
