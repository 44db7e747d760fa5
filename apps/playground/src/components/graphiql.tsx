import { Button, CopyButton, Group, Text } from "@mantine/core";
import { useSession } from "@prosopon/react-hooks";
import { IconCheck, IconKey } from "@tabler/icons-react";
import classes from "./code-panel.module.css";

/** The gateway's own GraphiQL; it has no session of its own, so the header can be copied into it. */
export function GraphiQL() {
  const { token } = useSession();
  return (
    <>
      <Group justify="space-between" mb="sm" gap="sm">
        <Text c="dimmed" size="sm">
          Paste the header under “Headers” to act as the account that is signed in here.
        </Text>
        <CopyButton value={JSON.stringify({ authorization: `Bearer ${token() ?? ""}` })}>
          {({ copied, copy }) => (
            <Button
              variant="default"
              size="sm"
              leftSection={copied ? <IconCheck size={16} /> : <IconKey size={16} />}
              onClick={copy}
            >
              {copied ? "Copied" : "Copy header"}
            </Button>
          )}
        </CopyButton>
      </Group>
      <iframe className={classes.frame} src="/graphql" title="GraphiQL" />
    </>
  );
}
