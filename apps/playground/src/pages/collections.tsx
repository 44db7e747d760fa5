import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useCreateCollectionMutation } from "@prosopon/react-hooks";
import { IconFolderPlus } from "@tabler/icons-react";
import { type SyntheticEvent, useState } from "react";
import { CollectionCard } from "../components/collection-card.tsx";
import { Failure } from "../components/failure.tsx";
import { PageHeader } from "../components/page-header.tsx";
import { useCollections } from "../library/use-collections.ts";

export function Collections() {
  const { all, error } = useCollections();
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
