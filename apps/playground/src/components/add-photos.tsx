import { Alert, Button, FileButton, Group, Text } from "@mantine/core";
import { useAddPhotos } from "@prosopon/react-hooks";
import { IconPhotoPlus } from "@tabler/icons-react";
import { remember } from "../library/recent.ts";
import { Failure } from "./failure.tsx";

const MOST = 5;

/** One press from a person to more photos of them; their page refreshes itself when the job has ended. */
export function AddPhotos({ identityId }: { identityId: string }) {
  const { start, phase, busy, job, failure, reset } = useAddPhotos();
  const warnings = job?.__typename === "EnrolmentJob" ? (job.warnings ?? []) : [];
  function send(files: File[]) {
    const some = files.slice(0, MOST);
    if (some.length === 0) return;
    remember({ kind: "add", identityId, files: some.map(({ name }) => name) });
    start(identityId, some);
  }
  return (
    <>
      <Group gap="sm">
        <Text size="sm" c="dimmed" role="status">
          {phase === "uploading" && "Sending…"}
          {(phase === "sent" || phase === "started") && "Looking for faces…"}
          {phase === "succeeded" && "Added."}
        </Text>
        <FileButton multiple accept="image/jpeg,image/png" onChange={send}>
          {(props) => (
            <Button
              variant="light"
              size="sm"
              leftSection={<IconPhotoPlus size={17} />}
              loading={busy}
              {...props}
            >
              Add photos
            </Button>
          )}
        </FileButton>
      </Group>
      {warnings.map(({ message }) => (
        <Alert key={message} variant="outline" color="honey" title="Worth a look" w="100%">
          {message}
        </Alert>
      ))}
      {failure && (
        <div style={{ width: "100%" }}>
          <Failure title="No face was added" message={failure.message}>
            <Button variant="default" size="xs" onClick={reset}>
              Understood
            </Button>
          </Failure>
        </div>
      )}
    </>
  );
}
