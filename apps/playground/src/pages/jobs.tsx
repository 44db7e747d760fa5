import { Button, Group, Select, Skeleton, VisuallyHidden } from "@mantine/core";
import {
  type JobKind,
  type JobStatus as Status,
  useJobsQuery,
  useJobsUpdatedSubscription,
} from "@prosopon/react-hooks";
import { IconChevronRight, IconFilterSearch, IconListDetails } from "@tabler/icons-react";
import { useState } from "react";
import { Empty } from "../components/empty.tsx";
import { Failure } from "../components/failure.tsx";
import { JobDetail } from "../components/job-detail.tsx";
import { JobStatus } from "../components/job-status.tsx";
import { PageHeader } from "../components/page-header.tsx";
import { kinds, moment, span, statuses } from "../library/text.ts";
import classes from "./jobs.module.css";

const PAGE = 30;
const kindOptions = Object.entries(kinds).map(([value, label]) => ({ value, label }));
const statusOptions = (["SENT", "STARTED", "SUCCEEDED", "FAILED"] as const).map((value) => ({
  value,
  label: statuses[value],
}));

export function Jobs() {
  const [kind, setKind] = useState<JobKind | null>(null);
  const [status, setStatus] = useState<Status | null>(null);
  const [after, setAfter] = useState<string>();
  const [open, setOpen] = useState<string>();
  const isFiltered = kind !== null || status !== null;
  const filter = isFiltered ? { filter: { ...(kind && { kind }), ...(status && { status }) } } : {};
  const [{ data, fetching, error }, again] = useJobsQuery({
    variables: { first: PAGE, ...filter, ...(after && { after }) },
    requestPolicy: "cache-and-network",
  });
  // The cache follows: a job that moves is drawn anew, a new one is fetched into the list.
  const [live] = useJobsUpdatedSubscription();
  const jobs = data?.jobs.edges.map(({ node }) => node);
  const more = data?.jobs.pageInfo;

  return (
    <>
      <PageHeader title="Jobs">
        Every enrolment, search and recognition of the last days, moving as the server works on them.
      </PageHeader>
      <Group mb="lg" gap="sm">
        <Select
          aria-label="Kind of job"
          placeholder="Every kind"
          data={kindOptions}
          value={kind}
          clearable
          w={170}
          onChange={(value) => (setKind(value as JobKind | null), setAfter(undefined))}
        />
        <Select
          aria-label="Status"
          placeholder="Every status"
          data={statusOptions}
          value={status}
          clearable
          w={170}
          onChange={(value) => (setStatus(value), setAfter(undefined))}
        />
      </Group>
      {error && !jobs && (
        <Failure
          title="Jobs could not be loaded"
          message={error.graphQLErrors[0]?.message ?? "The server does not answer. Check that it is running."}
        >
          <Button variant="default" onClick={() => again({ requestPolicy: "network-only" })}>
            Try again
          </Button>
        </Failure>
      )}
      {live.error && jobs && (
        <Failure
          title="Live updates have stopped"
          message="The list shows what was loaded. Load the page again to follow the jobs."
        />
      )}
      {!jobs && fetching && <Skeleton height={320} radius="lg" aria-label="Loading jobs" />}
      {jobs?.length === 0 && !fetching && !isFiltered && (
        <Empty icon={IconListDetails} title="No work yet">
          Photos are looked at in the background. Each enrolment, search or recognition becomes a job, and you
          can watch it move from sent to succeeded here.
        </Empty>
      )}
      {jobs?.length === 0 && !fetching && isFiltered && (
        <Empty
          icon={IconFilterSearch}
          title="No job fits"
          action={
            <Button variant="default" onClick={() => (setKind(null), setStatus(null))}>
              Show all
            </Button>
          }
        >
          No job of the last days has this kind and status.
        </Empty>
      )}
      {jobs && jobs.length > 0 && (
        <ul className={classes.list} aria-label="Jobs, newest first">
          {jobs.map((job) => (
            <li key={job.id}>
              <button type="button" className={classes.row} onClick={() => setOpen(job.id)}>
                <JobStatus status={job.status} />
                <span className={classes.what}>
                  {kinds[job.kind]}
                  {job.error && <small>{job.error}</small>}
                </span>
                <small className="number">{moment(job.createdAt)}</small>
                <small className="number">{span(job.startedAt, job.finishedAt) ?? ""}</small>
                <IconChevronRight size={17} color="var(--quiet)" aria-hidden />
              </button>
            </li>
          ))}
        </ul>
      )}
      {more?.hasNextPage && (
        <Group justify="center" mt="xl">
          <Button variant="default" loading={fetching} onClick={() => setAfter(more.endCursor ?? undefined)}>
            Show more
          </Button>
        </Group>
      )}
      <VisuallyHidden role="status">
        {live.data ? `A job is ${statuses[live.data.jobsUpdated.job.status].toLowerCase()}` : ""}
      </VisuallyHidden>
      <JobDetail id={open} onOpen={setOpen} onClose={() => setOpen(undefined)} />
    </>
  );
}
