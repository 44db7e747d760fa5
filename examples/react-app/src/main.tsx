import { ProsoponProvider, useSession } from "@prosopon/react-hooks";
import { createRoot } from "react-dom/client";
import { Enrol } from "./enrol.tsx";

function App() {
  const { signedIn, signIn } = useSession();
  async function enter() {
    const { clientId, secretId } = (await (await fetch("/demo-account.json")).json()) as {
      clientId: string;
      secretId: string;
    };
    await signIn(clientId, secretId);
  }
  return signedIn ? <Enrol /> : <button onClick={() => void enter()}>Sign in with the demo account</button>;
}

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <ProsoponProvider>
      <App />
    </ProsoponProvider>,
  );
}
