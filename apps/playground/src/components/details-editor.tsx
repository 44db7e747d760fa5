import { ActionIcon, Button, Group, Paper, Stack, Text, TextInput, Title } from "@mantine/core";
import { type IdentityFieldsFragment, useUpdateIdentityMutation } from "@prosopon/react-hooks";
import { IconCheck, IconPlus, IconX } from "@tabler/icons-react";
import { type SyntheticEvent, useState } from "react";
import { remember } from "../library/recent.ts";
import { Failure } from "./failure.tsx";

interface Row {
  id: number;
  key: string;
  value: string;
}

let rowsMade = 0;
const row = (key: string, value: string): Row => ({ id: (rowsMade += 1), key, value });
const asText = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

/** Name, external id and whatever else is kept about a person. */
export function DetailsEditor({ person }: { person: IdentityFieldsFragment }) {
  const { name: _, ...others } = person.metadata;
  const [name, setName] = useState(person.name ?? "");
  const [externalId, setExternalId] = useState(person.externalId ?? "");
  const [rows, setRows] = useState(() =>
    Object.entries(others).map(([key, value]) => row(key, asText(value))),
  );
  const [{ fetching, data, error }, update] = useUpdateIdentityMutation();
  const [saved, setSaved] = useState(false);
  const answer = data?.updateIdentity;
  const problem = answer && "message" in answer ? answer.message : error?.message;

  async function save(event: SyntheticEvent) {
    event.preventDefault();
    const metadata = changes(others, rows, name);
    const input = { identityId: person.identityId, metadata, externalId: externalId.trim() || null };
    const result = await update({ input });
    if (result.data?.updateIdentity.__typename !== "Identity") return;
    remember({ kind: "update", ...input });
    setSaved(true);
  }

  const change = (id: number, part: Partial<Row>) => {
    setSaved(false);
    setRows((was) => was.map((one) => (one.id === id ? { ...one, ...part } : one)));
  };

  return (
    <Paper component="form" onSubmit={(event: SyntheticEvent) => void save(event)}>
      <Title order={2} mb="md">
        Details
      </Title>
      <Stack gap="sm">
        <TextInput
          label="Name"
          value={name}
          onChange={(event) => (setSaved(false), setName(event.currentTarget.value))}
        />
        <TextInput
          label="External id"
          description="Your own key for this person"
          value={externalId}
          onChange={(event) => (setSaved(false), setExternalId(event.currentTarget.value))}
        />
        {rows.map((one) => (
          <Group key={one.id} gap={6} wrap="nowrap">
            <TextInput
              aria-label="Field name"
              placeholder="Field"
              value={one.key}
              onChange={(event) => change(one.id, { key: event.currentTarget.value })}
              style={{ flex: 2 }}
            />
            <TextInput
              aria-label={`Value of ${one.key || "the field"}`}
              placeholder="Value"
              value={one.value}
              onChange={(event) => change(one.id, { value: event.currentTarget.value })}
              style={{ flex: 3 }}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Remove ${one.key || "the field"}`}
              onClick={() => (setSaved(false), setRows((was) => was.filter(({ id }) => id !== one.id)))}
            >
              <IconX size={16} />
            </ActionIcon>
          </Group>
        ))}
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          leftSection={<IconPlus size={15} />}
          onClick={() => setRows((was) => [...was, row("", "")])}
          style={{ alignSelf: "flex-start" }}
        >
          Add a field
        </Button>
        {problem && <Failure title="Nothing was saved" message={problem} />}
        <Group gap="sm" mt={4}>
          <Button type="submit" variant="default" loading={fetching}>
            Save details
          </Button>
          <Text
            size="sm"
            c="var(--sea)"
            role="status"
            style={{ display: "inline-flex", alignItems: "center", gap: 5 }}
          >
            {saved && (
              <>
                <IconCheck size={16} aria-hidden /> Saved
              </>
            )}
          </Text>
        </Group>
      </Stack>
    </Paper>
  );
}

/** What the server merges: changed values as they are typed (untouched ones keep their type), removed keys as null. */
function changes(
  before: Record<string, unknown>,
  rows: readonly Row[],
  name: string,
): Record<string, unknown> {
  const kept = rows
    .filter(({ key }) => key.trim() !== "")
    .map(({ key, value }) => [key.trim(), value] as const);
  const keys = new Set(kept.map(([key]) => key));
  return {
    ...Object.fromEntries(
      Object.keys(before)
        .filter((key) => !keys.has(key))
        .map((key) => [key, null]),
    ),
    ...Object.fromEntries(kept.filter(([key, value]) => !(key in before) || asText(before[key]) !== value)),
    name: name.trim() || null,
  };
}
