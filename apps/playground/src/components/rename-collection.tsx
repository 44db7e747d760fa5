import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { type CollectionFieldsFragment, useUpdateCollectionMutation } from "@prosopon/react-hooks";
import { IconPencil } from "@tabler/icons-react";
import { type SyntheticEvent, useState } from "react";

export function RenameCollection({ collection: { id, name } }: { collection: CollectionFieldsFragment }) {
  const [asking, setAsking] = useState(false);
  const [typed, setTyped] = useState(name);
  const [{ fetching }, update] = useUpdateCollectionMutation();
  const [problem, setProblem] = useState<string>();

  function ask() {
    setTyped(name);
    setProblem(undefined);
    setAsking(true);
  }

  async function submit(event: SyntheticEvent) {
    event.preventDefault();
    const { data, error } = await update({ input: { collection: id, name: typed.trim() } });
    const renamed = data?.updateCollection;
    if (renamed?.__typename === "Collection") setAsking(false);
    setProblem(renamed && "message" in renamed ? renamed.message : error?.message);
  }

  return (
    <>
      <Button
        variant="subtle"
        leftSection={<IconPencil size={18} />}
        onClick={ask}
        aria-label={`Rename ${name}`}
      >
        Rename
      </Button>
      <Modal opened={asking} onClose={() => setAsking(false)} title={`Rename ${name}`} centered>
        <form onSubmit={(event) => void submit(event)}>
          <Stack>
            <TextInput
              label="New name"
              value={typed}
              error={problem}
              maxLength={64}
              onChange={({ currentTarget }) => setTyped(currentTarget.value)}
              data-autofocus
            />
            <Group justify="end">
              <Button variant="default" onClick={() => setAsking(false)}>
                Cancel
              </Button>
              <Button type="submit" loading={fetching} disabled={typed.trim() === ""}>
                Rename
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
