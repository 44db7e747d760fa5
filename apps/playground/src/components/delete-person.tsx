import { Button, CopyButton, Group, Modal, Stack, Text } from "@mantine/core";
import { type IdentityFieldsFragment, useDeleteIdentitiesMutation } from "@prosopon/react-hooks";
import { IconCheck, IconTrash } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { remember } from "../library/recent.ts";
import { count, moment, nameOf } from "../library/text.ts";
import { Failure } from "./failure.tsx";

interface Receipt {
  name: string;
  identityIds: readonly string[];
  faces: number;
  at: string;
}

interface DeletePersonProps {
  person: IdentityFieldsFragment;
  /** The page must stay while its receipt is read, though its person is gone. */
  onDeleted: (receipt: Receipt) => void;
}

export function DeletePerson({ person, onDeleted }: DeletePersonProps) {
  const [asking, setAsking] = useState(false);
  const [{ fetching, data, error }, erase] = useDeleteIdentitiesMutation();
  const answer = data?.deleteIdentities;
  const problem = answer && "message" in answer ? answer.message : error?.message;

  async function confirm() {
    const result = await erase({ input: { identityIds: [person.identityId] } });
    const done = result.data?.deleteIdentities;
    if (done?.__typename !== "DeletedIdentities") return;
    remember({ kind: "delete", identityId: person.identityId });
    onDeleted({
      name: nameOf(person),
      identityIds: done.identityIds,
      faces: person.faces.length,
      at: new Date().toISOString(),
    });
  }

  return (
    <>
      <Button
        variant="default"
        c="var(--no)"
        leftSection={<IconTrash size={17} />}
        onClick={() => setAsking(true)}
      >
        Delete
      </Button>
      <Modal opened={asking} onClose={() => setAsking(false)} title={`Delete ${nameOf(person)}?`}>
        <Text>
          {count(person.faces.length, "face")}, every template and all details are erased. This cannot be
          undone; to be found again, they must be enrolled again.
        </Text>
        {problem && <Failure title="Nothing was deleted" message={problem} />}
        <Group justify="flex-end" mt="lg">
          <Button variant="default" onClick={() => setAsking(false)} data-autofocus>
            Keep
          </Button>
          <Button color="red" loading={fetching} onClick={() => void confirm()}>
            Delete for good
          </Button>
        </Group>
      </Modal>
    </>
  );
}

export function DeletionReceipt({ receipt }: { receipt: Receipt }) {
  const navigate = useNavigate();
  const leave = () => void navigate({ to: "/" });
  const text = JSON.stringify({ erased: receipt.identityIds, faces: receipt.faces, at: receipt.at }, null, 2);
  return (
    <Modal opened onClose={leave} title={`${receipt.name} is deleted`}>
      <Stack gap="xs">
        <Text>
          The server has erased {count(receipt.faces, "face")} with their templates. Keep this receipt if you
          have to show that it was done.
        </Text>
        <pre
          style={{
            margin: 0,
            padding: 14,
            borderRadius: 12,
            background: "var(--ground)",
            fontSize: 13,
            whiteSpace: "pre-wrap",
            overflowWrap: "anywhere",
          }}
        >
          {text}
        </pre>
        <Text size="sm" c="dimmed">
          {moment(receipt.at)}
        </Text>
      </Stack>
      <Group justify="flex-end" mt="lg">
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button
              variant="default"
              onClick={copy}
              leftSection={copied ? <IconCheck size={16} /> : undefined}
            >
              {copied ? "Copied" : "Copy receipt"}
            </Button>
          )}
        </CopyButton>
        <Button onClick={leave}>Back to People</Button>
      </Group>
    </Modal>
  );
}

export type { Receipt };
