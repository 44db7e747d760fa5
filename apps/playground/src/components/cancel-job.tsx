import { Button, Text } from "@mantine/core";
import { type JobDetail, useCancelJobMutation } from "@prosopon/react-hooks";
import { IconPlayerStop } from "@tabler/icons-react";

/** For a job that has not ended: its end is told to the page like any other. */
export function CancelJob({ job }: { job: JobDetail }) {
  const [{ fetching, data, error }, cancel] = useCancelJobMutation();
  const answer = data?.cancelJob;
  const problem = answer && "message" in answer ? answer.message : error?.message;
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconPlayerStop size={17} />}
        loading={fetching}
        onClick={() => void cancel({ input: { jobId: job.id } })}
      >
        Cancel
      </Button>
      {problem && <Text size="sm">{problem}</Text>}
    </>
  );
}
