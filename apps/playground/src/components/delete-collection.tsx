import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { type CollectionFieldsFragment, useDeleteCollectionMutation } from "@prosopon/react-hooks";
import { IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { count } from "../library/text.ts";
import { Failure } from "./failure.tsx";

export function DeleteCollection({
  collection: { id, name, identityCount },
}: {
  collection: CollectionFieldsFragment;
}) {
  const [asking, setAsking] = useState(false);
  const [{ fetching }, erase] = useDeleteCollectionMutation();
  const [problem, setProblem] = useState<string>();

  async function confirm() {
    const { data, error } = await erase({ input: { collection: id } });
    const gone = data?.deleteCollection;
    if (gone?.__typename === "DeletedCollection") setAsking(false);
    setProblem(gone && "message" in gone ? gone.message : error?.message);
  }

  return (
    <>
      <Button
        variant="subtle"
        color="red"
        leftSection={<IconTrash size={18} />}
        onClick={() => setAsking(true)}
        aria-label={`Delete ${name}`}
      >
        Delete
      </Button>
      <Modal opened={asking} onClose={() => setAsking(false)} title={`Delete ${name}?`} centered>
        <Stack>
          <Text>
            {identityCount > 0
              ? `Its ${count(identityCount, "person", "people")} with their faces are erased at once. Nobody can bring them back.`
              : "Nobody is in it."}
          </Text>
          {problem && <Failure title="It was not deleted" message={problem} />}
          <Group justify="end">
            <Button variant="default" onClick={() => setAsking(false)}>
              Keep it
            </Button>
            <Button color="red" loading={fetching} onClick={() => void confirm()}>
              Delete and erase
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
