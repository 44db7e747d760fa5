import { Button, CopyButton, SegmentedControl } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useState } from "react";
import { type Language, languages, type Snippet } from "../library/snippets.ts";
import classes from "./code-panel.module.css";

export function CodePanel({ snippet }: { snippet: Snippet }) {
  const [language, setLanguage] = useState<Language>("GraphQL");
  const code = snippet[language];
  return (
    <div className={classes.panel}>
      <div className={classes.bar}>
        <SegmentedControl
          aria-label="Language"
          size="sm"
          data={[...languages]}
          value={language}
          onChange={(value) => setLanguage(value)}
        />
        <CopyButton value={code}>
          {({ copied, copy }) => (
            <Button
              variant="subtle"
              color="gray"
              size="sm"
              leftSection={copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
              onClick={copy}
            >
              {copied ? "Copied" : "Copy"}
            </Button>
          )}
        </CopyButton>
      </div>
      <pre tabIndex={0} aria-label={`${language} code`}>
        <code>{code}</code>
      </pre>
    </div>
  );
}
