/** Of the demo account, for what another program of it would do. */
export async function demoToken({ url, demoUrl }: { url: string; demoUrl: string }): Promise<string> {
  const code = new URL(demoUrl).hash.replace("#demo=", "");
  const offered = await fetch(new URL("/demo-account.json", url), { headers: { "x-demo-code": code } });
  const credentials: unknown = await offered.json();
  const login = await fetch(new URL("/login", url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(credentials),
  });
  const { token } = (await login.json()) as { token: string };
  return token;
}
