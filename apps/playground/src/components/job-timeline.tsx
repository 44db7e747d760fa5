import { Loader } from "@mantine/core";
import type { JobFieldsFragment, RunPhase } from "@prosopon/react-hooks";
import { IconCheck, IconX } from "@tabler/icons-react";
import { percent, span, timeOf } from "../library/text.ts";
import classes from "./job-timeline.module.css";

type StepState = "waiting" | "now" | "done" | "failed";

interface Step {
  name: string;
  state: StepState;
  note?: string | undefined;
}

interface JobTimelineProps {
  phase: RunPhase;
  progress?: number;
  job: JobFieldsFragment | undefined;
}

/** Where the work is, as the subscription tells it. */
export function JobTimeline({ phase, progress, job }: JobTimelineProps) {
  return (
    <ol className={classes.line} aria-label="Progress" aria-live="polite">
      {stepsOf(phase, progress, job).map(({ name, state, note }) => (
        <li key={name} data-state={state} aria-current={state === "now" ? "step" : undefined}>
          <span className={classes.dot}>
            {state === "done" && <IconCheck size={14} stroke={3} aria-label="done" />}
            {state === "failed" && <IconX size={14} stroke={3} aria-label="failed" />}
            {state === "now" && <Loader size={14} color="currentColor" />}
          </span>
          <span>
            <b>{name}</b>
            <small className="number">{note ?? " "}</small>
          </span>
        </li>
      ))}
    </ol>
  );
}

function stepsOf(phase: RunPhase, progress: number | undefined, job: JobFieldsFragment | undefined): Step[] {
  const failed = phase === "failed";
  const rank = { idle: -1, uploading: 0, sent: 1, started: 2, succeeded: 4, failed: 4, cancelled: -1 }[phase];
  const at = (step: number): StepState => (rank > step ? "done" : rank === step ? "now" : "waiting");
  const upload: Step[] =
    progress === undefined
      ? []
      : [
          {
            name: "Upload",
            state: failed && !job ? "failed" : at(0),
            note: phase === "uploading" ? percent(progress) : undefined,
          },
        ];
  return [
    ...upload,
    {
      name: "Sent",
      state: failed && !job ? "waiting" : at(1),
      note: timeOf(job?.createdAt),
    },
    { name: "Started", state: failed && !job?.startedAt ? "waiting" : at(2), note: waited(job) },
    failed && job
      ? { name: "Failed", state: "failed", note: span(job.startedAt, job.finishedAt) }
      : {
          name: "Succeeded",
          state: phase === "succeeded" ? "done" : "waiting",
          note: job && span(job.startedAt, job.finishedAt) && `in ${span(job.startedAt, job.finishedAt)}`,
        },
  ];
}

function waited(job: JobFieldsFragment | undefined): string | undefined {
  const time = span(job?.createdAt, job?.startedAt);
  return time && `after ${time}`;
}
