import { Button } from "@mantine/core";
import { IconCompass } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { Empty } from "./empty.tsx";

export function NotFound() {
  return (
    <Empty
      icon={IconCompass}
      title="There is no such page"
      action={<Button renderRoot={(props) => <Link to="/" {...props} />}>Go to People</Button>}
    >
      The address may be mistyped, or what it showed has been deleted.
    </Empty>
  );
}
