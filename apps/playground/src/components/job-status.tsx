import { Loader } from "@mantine/core";
import type { JobStatus as Status } from "@prosopon/react-hooks";
import { IconAlertTriangle, IconCheck, IconClock } from "@tabler/icons-react";
import { statuses } from "../library/text.ts";

const looks = {
  SUCCEEDED: { color: "var(--sea)", icon: <IconCheck size={15} stroke={2.4} aria-hidden /> },
  FAILED: { color: "var(--no)", icon: <IconAlertTriangle size={15} aria-hidden /> },
  REVOKED: { color: "var(--no)", icon: <IconAlertTriangle size={15} aria-hidden /> },
  STARTED: { color: "var(--clay)", icon: <Loader size={13} color="currentColor" aria-hidden /> },
} as const;

export function JobStatus({ status }: { status: Status }) {
  const { color, icon } =
    status in looks
      ? looks[status as keyof typeof looks]
      : { color: "var(--quiet)", icon: <IconClock size={15} aria-hidden /> };
  return (
    <span
      style={{
        display: "inline-flex",
        alignItems: "center",
        gap: 7,
        color,
        fontSize: "0.875rem",
        fontWeight: 600,
      }}
    >
      {icon}
      {statuses[status]}
    </span>
  );
}
