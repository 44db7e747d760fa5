import { Badge, Checkbox, Group, Paper, Stack, Text } from "@mantine/core";
import { type CollectionFieldsFragment, useUpdateCollectionMutation } from "@prosopon/react-hooks";
import { useState } from "react";
import { count } from "../library/text.ts";
import { DeleteCollection } from "./delete-collection.tsx";
import { Failure } from "./failure.tsx";
import { RenameCollection } from "./rename-collection.tsx";

export function CollectionCard({ collection }: { collection: CollectionFieldsFragment }) {
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
      <Group justify="space-between">
        <div style={{ minWidth: 0 }}>
          <Group gap="xs">
            <strong style={{ overflowWrap: "anywhere" }}>{name}</strong>
            {name === "default" && <Badge variant="light">the documented API&apos;s</Badge>}
          </Group>
          <Text size="sm" c="dimmed" className="number">
            {count(identityCount, "person", "people")} · {count(faceCount, "face")}
          </Text>
        </div>
        {name !== "default" && (
          <Group gap={0}>
            <RenameCollection collection={collection} />
            <DeleteCollection collection={collection} />
          </Group>
        )}
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
