import { ActionIcon, Button, Group, Modal, Text, Tooltip } from "@mantine/core";
import { type FaceFieldsFragment, useDeleteFaceMutation } from "@prosopon/react-hooks";
import { IconMoodSmile, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { moment } from "../library/text.ts";
import { Failure } from "./failure.tsx";
import { Quality } from "./quality.tsx";
import classes from "./person.module.css";

interface FaceCardProps {
  face: FaceFieldsFragment;
  number: number;
  /** The last face of a person stays. */
  removable: boolean;
}

export function FaceCard({ face, number, removable }: FaceCardProps) {
  const [asking, setAsking] = useState(false);
  const [{ fetching, data, error }, erase] = useDeleteFaceMutation();
  const answer = data?.deleteFace;
  const problem = answer && "message" in answer ? answer.message : error?.message;
  return (
    <li className={classes.face}>
      {face.cropDataUrl ? (
        <img
          src={face.cropDataUrl}
          alt={`Face ${number}`}
          className={classes.avatar}
          style={{ width: "100%" }}
        />
      ) : (
        <div
          className={classes.avatar}
          style={{ width: "100%", background: "var(--track)", color: "var(--quiet)" }}
          aria-label={`Face ${number}, no crop kept`}
          role="img"
        >
          <IconMoodSmile size={54} stroke={1.2} />
        </div>
      )}
      <div>
        <Quality quality={face.quality} />
        <Group justify="space-between" mt={8} wrap="nowrap">
          <Text size="xs" c="dimmed" className="number">
            {moment(face.createdAt)}
          </Text>
          {removable && (
            <Tooltip label="Delete this face">
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Delete face ${number}`}
                onClick={() => setAsking(true)}
              >
                <IconTrash size={17} stroke={1.7} />
              </ActionIcon>
            </Tooltip>
          )}
        </Group>
      </div>
      <Modal opened={asking} onClose={() => setAsking(false)} title="Delete this face?">
        <Text>Its template and crop are erased. The person is still found by their other faces.</Text>
        {problem && <Failure title="The face was not deleted" message={problem} />}
        <Group justify="flex-end" mt="lg">
          <Button variant="default" onClick={() => setAsking(false)}>
            Keep it
          </Button>
          <Button
            color="red"
            loading={fetching}
            onClick={() => void erase({ input: { faceId: face.faceId } })}
          >
            Delete face
          </Button>
        </Group>
      </Modal>
    </li>
  );
}
