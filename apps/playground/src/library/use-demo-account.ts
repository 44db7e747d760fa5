import { useEffect, useState } from "react";

interface DemoAccount {
  clientId: string;
  secretId: string;
}

/** What a server that was started as a demo offers to a browser on its own machine; null where there is none. */
export function useDemoAccount(): DemoAccount | null | undefined {
  const [account, setAccount] = useState<DemoAccount | null>();
  useEffect(() => {
    const controller = new AbortController();
    fetch("/demo-account.json", { signal: controller.signal, headers: { accept: "application/json" } })
      .then(async (answer) => (answer.ok ? ((await answer.json()) as DemoAccount) : null))
      .then(setAccount, () => {
        if (!controller.signal.aborted) setAccount(null);
      });
    return () => controller.abort();
  }, []);
  return account;
}
