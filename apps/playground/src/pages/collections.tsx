import { Badge, Button, Checkbox, Group, Modal, Paper, Stack, Text, TextInput } from "@mantine/core";
import {
  type CollectionFieldsFragment,
  useCollectionsQuery,
  useCreateCollectionMutation,
  useDeleteCollectionMutation,
  useUpdateCollectionMutation,
} from "@prosopon/react-hooks";
import { IconFolderPlus, IconTrash } from "@tabler/icons-react";
import { type SyntheticEvent, useState } from "react";
import { Failure } from "../components/failure.tsx";
import { PageHeader } from "../components/page-header.tsx";
import { count } from "../library/text.ts";

const MOST = 100;

export function Collections() {
  const [{ data, error }] = useCollectionsQuery({ variables: { first: MOST } });
  const all = data?.collections.edges.map(({ node }) => node);
  return (
    <>
      <PageHeader title="Collections">
        Galleries inside the account. A search in one never finds people in another, and each has its own
        settings.
      </PageHeader>
      <Stack maw={640}>
        <NewCollection />
        {error && !all && (
          <Failure
            title="Collections could not be loaded"
            message={
              error.graphQLErrors[0]?.message ?? "The server does not answer. Check that it is running."
            }
          />
        )}
        {all?.map((collection) => (
          <CollectionCard key={collection.id} collection={collection} />
        ))}
      </Stack>
    </>
  );
}

function NewCollection() {
  const [name, setName] = useState("");
  const [{ fetching }, create] = useCreateCollectionMutation();
  const [problem, setProblem] = useState<string>();

  async function submit(event: SyntheticEvent) {
    event.preventDefault();
    const { data, error } = await create({ input: { name: name.trim() } });
    const made = data?.createCollection;
    if (made?.__typename === "Collection") setName("");
    setProblem(made && "message" in made ? made.message : error?.message);
  }

  return (
    <form onSubmit={(event) => void submit(event)}>
      <Group align="end">
        <TextInput
          label="New collection"
          placeholder="Staff"
          value={name}
          error={problem}
          maxLength={64}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
          style={{ flex: 1 }}
        />
        <Button
          type="submit"
          loading={fetching}
          disabled={name.trim() === ""}
          leftSection={<IconFolderPlus size={18} />}
        >
          Create
        </Button>
      </Group>
    </form>
  );
}

function CollectionCard({ collection }: { collection: CollectionFieldsFragment }) {
  const { id, name, identityCount, faceCount, keepsCrops, refusesMixedIdentities } = collection;
  const [{ fetching }, update] = useUpdateCollectionMutation();
  const [problem, setProblem] = useState<string>();

  async function change(settings: { keepsCrops?: boolean; refusesMixedIdentities?: boolean }) {
    const { data, error } = await update({ input: { collection: id, ...settings } });
    const changed = data?.updateCollection;
    setProblem(changed && "message" in changed ? changed.message : error?.message);
  }

  return (
    <Paper withBorder p="lg" radius="lg" component="section" aria-label={name}>
      <Group justify="space-between" wrap="nowrap">
        <div>
          <Group gap="xs">
            <strong>{name}</strong>
            {name === "default" && <Badge variant="light">the documented API&apos;s</Badge>}
          </Group>
          <Text size="sm" c="dimmed" className="number">
            {count(identityCount, "person", "people")} · {count(faceCount, "face")}
          </Text>
        </div>
        {name !== "default" && <DeleteCollection collection={collection} />}
      </Group>
      <Stack gap="xs" mt="md">
        <Checkbox
          label="Keep a picture of every enrolled face"
          checked={keepsCrops}
          disabled={fetching}
          onChange={({ currentTarget }) => void change({ keepsCrops: currentTarget.checked })}
        />
        <Checkbox
          label="Refuse photos that seem to show different people, instead of warning"
          checked={refusesMixedIdentities}
          disabled={fetching}
          onChange={({ currentTarget }) => void change({ refusesMixedIdentities: currentTarget.checked })}
        />
        {problem && <Failure title="The settings were not changed" message={problem} />}
      </Stack>
    </Paper>
  );
}

function DeleteCollection({
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
