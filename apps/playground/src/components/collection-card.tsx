import { Badge, Checkbox, Group, Paper, SegmentedControl, Stack, Text } from "@mantine/core";
import {
  type CollectionFieldsFragment,
  type GuardLevel,
  type GuardsInput,
  useUpdateCollectionMutation,
} from "@prosopon/react-hooks";
import { useState } from "react";
import { count } from "../library/text.ts";
import { DeleteCollection } from "./delete-collection.tsx";
import { Failure } from "./failure.tsx";
import { RenameCollection } from "./rename-collection.tsx";

const GUARDS = [
  { name: "quality", label: "A photo is poor" },
  { name: "mixed", label: "Photos show different people" },
  { name: "wrongPerson", label: "An added photo shows somebody else" },
  { name: "duplicate", label: "The person is enrolled already" },
] as const;

const LEVELS: { value: GuardLevel; label: string }[] = [
  { value: "OFF", label: "Ignore" },
  { value: "WARN", label: "Warn" },
  { value: "REJECT", label: "Refuse" },
];

export function CollectionCard({ collection }: { collection: CollectionFieldsFragment }) {
  const { id, name, identityCount, faceCount, keepsCrops, guards } = collection;
  const [{ fetching }, update] = useUpdateCollectionMutation();
  const [problem, setProblem] = useState<string>();

  async function change(settings: { keepsCrops?: boolean; guards?: GuardsInput }) {
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
        {GUARDS.map(({ name: guard, label }) => (
          <Group key={guard} justify="space-between" gap="xs">
            <Text size="sm" id={`${id}-${guard}`}>
              {label}
            </Text>
            <SegmentedControl
              size="xs"
              aria-labelledby={`${id}-${guard}`}
              value={guards[guard]}
              disabled={fetching}
              data={LEVELS}
              onChange={(level) => void change({ guards: { [guard]: level } })}
            />
          </Group>
        ))}
        {problem && <Failure title="The settings were not changed" message={problem} />}
      </Stack>
    </Paper>
  );
}
