import { Group } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./failure.module.css";

interface FailureProps {
  title: string;
  message: string;
  /** What can be pressed about it. */
  children?: ReactNode;
}

export function Failure({ title, message, children }: FailureProps) {
  return (
    <div role="alert" className={classes.failure}>
      <IconAlertTriangle size={20} stroke={1.8} aria-hidden />
      <div>
        <strong>{title}</strong>
        <p>{message}</p>
        {children && <Group mt="sm">{children}</Group>}
      </div>
    </div>
  );
}
