import { Button } from "@mantine/core";
import { Failure } from "./failure.tsx";

/** Something in the page itself broke, or one of its files could not be loaded. */
export function PageFailed() {
  return (
    <Failure
      title="This page could not be shown"
      message="The server may have been updated meanwhile: load the page again."
    >
      <Button onClick={() => window.location.reload()}>Load again</Button>
    </Failure>
  );
}
