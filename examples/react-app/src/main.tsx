import { ProsoponProvider, useSession } from "@prosopon/react-hooks";
import { createRoot } from "react-dom/client";
import { Enrol } from "./enrol.tsx";

function App() {
  const { signedIn, signIn } = useSession();
  async function enter() {
    const code = new URLSearchParams(location.hash.slice(1)).get("demo") ?? "";
    const answer = await fetch("/demo-account.json", { headers: { "x-demo-code": code } });
    const { clientId, secretId } = (await answer.json()) as { clientId: string; secretId: string };
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
