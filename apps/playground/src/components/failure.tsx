import { Alert, Group } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { ReactNode } from "react";

interface FailureProps {
  title: string;
  message: string;
  /** What can be pressed about it. */
  children?: ReactNode;
}

export function Failure({ title, message, children }: FailureProps) {
  return (
    <Alert
      role="alert"
      variant="outline"
      color="red"
      radius="lg"
      title={title}
      icon={<IconAlertTriangle size={20} />}
      styles={{ root: { background: "var(--surface)" }, title: { color: "var(--mantine-color-error)" } }}
    >
      {message}
      {children && <Group mt="md">{children}</Group>}
    </Alert>
  );
}
