import { Button, Divider, PasswordInput, Skeleton, Stack, Text, TextInput, Title } from "@mantine/core";
import { useSession } from "@prosopon/react-hooks";
import { IconArrowRight } from "@tabler/icons-react";
import { type SyntheticEvent, useContext, useEffect, useState } from "react";
import { ColorSchemeToggle } from "../components/color-scheme-toggle.tsx";
import { Failure } from "../components/failure.tsx";
import { Logo } from "../components/logo.tsx";
import { MeshMask } from "../components/mesh-mask.tsx";
import { chooseCollection } from "../library/collection.ts";
import { forgetAll } from "../library/recent.ts";
import { SessionEnded } from "../library/session-ended.ts";
import { useDemoAccount } from "../library/use-demo-account.ts";
import classes from "./sign-in.module.css";

export function SignIn() {
  const { signIn } = useSession();
  const demo = useDemoAccount();
  const ended = useContext(SessionEnded);
  const [clientId, setClientId] = useState("");
  const [secretId, setSecretId] = useState("");
  const [busy, setBusy] = useState<"demo" | "form">();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    document.title = "Sign in – Prosopon";
    forgetAll();
    chooseCollection(undefined);
  }, []);

  async function enter(by: "demo" | "form", id: string, secret: string) {
    setBusy(by);
    setProblem(undefined);
    const result = await signIn(id, secret);
    if (result.ok) return;
    setBusy(undefined);
    setProblem(result.message);
  }

  function submit(event: SyntheticEvent) {
    event.preventDefault();
    if (!clientId || !secretId) return setProblem("Fill in both the client id and the secret id.");
    void enter("form", clientId.trim(), secretId.trim());
  }

  return (
    <main className={classes.page}>
      <section className={classes.story} aria-label="About Prosopon">
        <MeshMask className={classes.mask} />
        <div className={classes.brand}>
          <Logo size={36} />
          Prosopon
        </div>
        <div>
          <h1>Know a face when you see it again.</h1>
          <p>
            Enrol people from a photo or two, find them in the next one, and see how sure the answer is.
            “Nobody we know” is an answer too.
          </p>
        </div>
        <ul className={classes.facts}>
          <li>Runs on your own machine</li>
          <li>Photos are erased when their job ends</li>
          <li>Measured error rates</li>
        </ul>
      </section>
      <section className={classes.form} aria-label="Sign in">
        <div className={classes.corner}>
          <ColorSchemeToggle />
        </div>
        <div>
          <Title order={2} fz="1.5rem" mb={6}>
            Sign in
          </Title>
          <Text c="dimmed" mb="xl">
            {ended
              ? "Your session has ended. Sign in again to go on."
              : "With the client id and secret of your account."}
          </Text>
          {demo === undefined && <Skeleton height={96} mb="lg" />}
          {demo && (
            <>
              <Button
                fullWidth
                size="lg"
                rightSection={<IconArrowRight size={18} />}
                loading={busy === "demo"}
                onClick={() => void enter("demo", demo.clientId, demo.secretId)}
              >
                Use the demo account
              </Button>
              <Divider my="lg" label="or your own" />
            </>
          )}
          <form onSubmit={submit}>
            <Stack>
              <TextInput
                label="Client id"
                autoComplete="username"
                size="md"
                value={clientId}
                onChange={(event) => setClientId(event.currentTarget.value)}
              />
              <PasswordInput
                label="Secret id"
                autoComplete="current-password"
                size="md"
                value={secretId}
                onChange={(event) => setSecretId(event.currentTarget.value)}
              />
              {problem && <Failure title="That did not work" message={problem} />}
              <Button type="submit" size="md" variant={demo ? "default" : "filled"} loading={busy === "form"}>
                Sign in
              </Button>
            </Stack>
          </form>
          <Text c="dimmed" size="sm" mt="lg">
            No account yet? The server printed one at its first start; <code>prosopon accounts create</code>{" "}
            adds more. A demo server prints a link that signs in with one click.
          </Text>
        </div>
      </section>
    </main>
  );
}
