import { Button, Text } from "@mantine/core";
import { type JobDetail, useRetryJobMutation } from "@prosopon/react-hooks";
import { IconRefresh } from "@tabler/icons-react";
import { moment } from "../library/text.ts";

interface RetryJobProps {
  job: JobDetail;
  /** Another job is to be shown. */
  onOpen: (id: string) => void;
}

/** What can be done about a job whose tries were used up; nothing for one that failed for its photos. */
export function RetryJob({ job, onOpen }: RetryJobProps) {
  const [{ fetching, data, error }, retry] = useRetryJobMutation();
  if (!job.dead) return null;
  const { until, retriedAsJobId } = job.dead;
  const answer = data?.retryJob;
  const problem = answer && "message" in answer ? answer.message : error?.message;

  async function again() {
    const result = await retry({ input: { jobId: job.id } });
    const outcome = result.data?.retryJob;
    if (outcome?.__typename === "RetriedJob") onOpen(outcome.job.id);
  }

  if (retriedAsJobId)
    return (
      <Button variant="default" onClick={() => onOpen(retriedAsJobId)}>
        Open the new try
      </Button>
    );
  if (Date.parse(until) <= Date.now())
    return <Text size="sm">Its photos are no longer kept: send them again.</Text>;
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconRefresh size={17} />}
        loading={fetching}
        onClick={() => void again()}
      >
        Try again
      </Button>
      <Text size="sm">{problem ?? `The photos are kept until ${moment(until)}.`}</Text>
    </>
  );
}
