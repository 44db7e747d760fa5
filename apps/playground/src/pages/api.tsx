import { Button, Group, Paper, Tabs, Text, Title } from "@mantine/core";
import { IconCode, IconExternalLink } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { CodePanel } from "../components/code-panel.tsx";
import { Empty } from "../components/empty.tsx";
import { GraphiQL } from "../components/graphiql.tsx";
import { PageHeader } from "../components/page-header.tsx";
import { useRecent } from "../library/recent.ts";
import { snippetOf, titleOf } from "../library/snippets.ts";
import classes from "./api.module.css";

export function Api() {
  const recent = useRecent();
  const [chosen, setChosen] = useState(0);
  const [tab, setTab] = useState<string | null>("code");
  const action = recent[chosen] ?? recent[0];
  return (
    <>
      <PageHeader title="API">
        Whatever you do here, your own program can do. This is the code for what you just did.
      </PageHeader>
      <Tabs value={tab} onChange={setTab} keepMounted={false}>
        <Tabs.List mb="lg">
          <Tabs.Tab value="code">What you just did</Tabs.Tab>
          <Tabs.Tab value="graphiql">GraphiQL</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="code">
          {action ? (
            <div className={classes.columns}>
              <ul className={classes.actions} aria-label="What you did, latest first">
                {recent.map((one, index) => (
                  <li key={JSON.stringify(one)}>
                    <button type="button" aria-pressed={one === action} onClick={() => setChosen(index)}>
                      {titleOf(one)}
                    </button>
                  </li>
                ))}
              </ul>
              <CodePanel snippet={snippetOf(action)} />
            </div>
          ) : (
            <Empty icon={IconCode} title="Nothing done yet" action={<Link to="/">Look at People</Link>}>
              List people, enrol somebody or search by a photo: the code for it is then shown here, ready to
              copy.
            </Empty>
          )}
        </Tabs.Panel>
        <Tabs.Panel value="graphiql">
          <GraphiQL />
        </Tabs.Panel>
      </Tabs>
      <Paper mt="xl">
        <Group justify="space-between" gap="md">
          <div>
            <Title order={2}>The whole API</Title>
            <Text c="dimmed" mt={2}>
              REST as OpenAPI 3.1, GraphQL with its schema, both on this port.
            </Text>
          </div>
          <Group gap="sm">
            <Button
              variant="default"
              component="a"
              href="/openapi.json"
              target="_blank"
              rel="noreferrer"
              rightSection={<IconExternalLink size={16} />}
            >
              OpenAPI
            </Button>
            <Button
              variant="default"
              component="a"
              href="/graphql"
              target="_blank"
              rel="noreferrer"
              rightSection={<IconExternalLink size={16} />}
            >
              GraphiQL
            </Button>
          </Group>
        </Group>
      </Paper>
    </>
  );
}
