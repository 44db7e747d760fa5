import { useEffect, useState } from "react";
import { demoCode } from "./demo-code.ts";

interface DemoAccount {
  clientId: string;
  secretId: string;
}

/** What a server that was started as a demo offers to whoever opened the page by its link; null where there is none. */
export function useDemoAccount(): DemoAccount | null | undefined {
  const [account, setAccount] = useState<DemoAccount | null | undefined>(demoCode ? undefined : null);
  useEffect(() => {
    if (!demoCode) return;
    const controller = new AbortController();
    fetch("/demo-account.json", {
      signal: controller.signal,
      headers: { accept: "application/json", "x-demo-code": demoCode },
    })
      .then(async (answer) => (answer.ok ? ((await answer.json()) as DemoAccount) : null))
      .then(setAccount, () => {
        if (!controller.signal.aborted) setAccount(null);
      });
    return () => controller.abort();
  }, []);
  return account;
}
