import { Group, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";

interface PageHeaderProps {
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
}

/** A page's name, what it is for in one sentence, and its main action. */
export function PageHeader({ title, children, actions }: PageHeaderProps) {
  useEffect(() => {
    document.title = `${title} – Prosopon`;
  }, [title]);
  return (
    <Group justify="space-between" align="flex-end" mb="xl" gap="md">
      <div>
        <Title order={1}>{title}</Title>
        {children && (
          <Text c="dimmed" mt={6} maw={620} style={{ textWrap: "pretty" }}>
            {children}
          </Text>
        )}
      </div>
      {actions}
    </Group>
  );
}
