import { MantineProvider } from "@mantine/core";
import { ProsoponProvider } from "@prosopon/react-hooks";
import { RouterProvider } from "@tanstack/react-router";
import { useState } from "react";
import { SessionEnded } from "./library/session-ended.ts";
import { router } from "./router.tsx";
import { theme } from "./theme.ts";

export function App() {
  const [ended, setEnded] = useState(false);
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <ProsoponProvider tokens="session" onSignedOut={() => setEnded(true)}>
        <SessionEnded value={ended}>
          <RouterProvider router={router} />
        </SessionEnded>
      </ProsoponProvider>
    </MantineProvider>
  );
}
