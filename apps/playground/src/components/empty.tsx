import { Stack, Text, Title } from "@mantine/core";
import type { Icon } from "@tabler/icons-react";
import type { ReactNode } from "react";

interface EmptyProps {
  icon: Icon;
  title: string;
  /** What would be here, and how it gets here. */
  children: ReactNode;
  action?: ReactNode;
}

export function Empty({ icon: Icon, title, children, action }: EmptyProps) {
  return (
    <Stack align="center" gap={10} py={56} px="md" ta="center">
      <div
        style={{
          display: "grid",
          placeItems: "center",
          width: 68,
          height: 68,
          borderRadius: 22,
          background: "var(--track)",
          color: "var(--clay)",
        }}
      >
        <Icon size={32} stroke={1.5} aria-hidden />
      </div>
      <Title order={2} mt="xs">
        {title}
      </Title>
      <Text c="dimmed" maw={430} style={{ textWrap: "pretty" }}>
        {children}
      </Text>
      {action && <div style={{ marginTop: 10 }}>{action}</div>}
    </Stack>
  );
}
