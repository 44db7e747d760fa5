import { ActionIcon, Tooltip } from "@mantine/core";
import { useSession, useViewerQuery } from "@prosopon/react-hooks";
import {
  IconCode,
  IconListDetails,
  IconLogout,
  IconScan,
  IconUserCheck,
  IconUserPlus,
  IconUsers,
  IconUsersGroup,
} from "@tabler/icons-react";
import { Link, useRouterState } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { CollectionPicker } from "./collection-picker.tsx";
import { ColorSchemeToggle } from "./color-scheme-toggle.tsx";
import { Logo } from "./logo.tsx";
import classes from "./shell.module.css";

const places = [
  { to: "/", label: "People", icon: IconUsers },
  { to: "/enrol", label: "Enrol", icon: IconUserPlus },
  { to: "/search", label: "Search", icon: IconScan },
  { to: "/identify", label: "Identify", icon: IconUsersGroup },
  { to: "/recognise", label: "Recognise", icon: IconUserCheck },
  { to: "/jobs", label: "Jobs", icon: IconListDetails },
  { to: "/api", label: "API", icon: IconCode },
] as const;

export function Shell({ children }: { children: ReactNode }) {
  const { signOut } = useSession();
  const [{ data }] = useViewerQuery();
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const isHere = (to: string) => path === to || (to === "/" && path.startsWith("/people"));
  return (
    <div className={classes.frame}>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <header className={classes.side}>
        <Link to="/" className={classes.brand}>
          <Logo />
          Prosopon
        </Link>
        <nav aria-label="Main" style={{ flex: 1 }}>
          <ul className={classes.links}>
            {places.map(({ to, label, icon: Icon }) => (
              <li key={to}>
                <Link to={to} className={classes.link} aria-current={isHere(to) ? "page" : undefined}>
                  <Icon size={20} stroke={1.7} aria-hidden />
                  {label}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <CollectionPicker />
        <div className={classes.foot}>
          <span className={classes.who}>{data?.viewer.name ?? data?.viewer.clientId ?? ""}</span>
          <ColorSchemeToggle />
          <Tooltip label="Sign out">
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label="Sign out"
              onClick={() => void signOut()}
            >
              <IconLogout size={18} stroke={1.7} />
            </ActionIcon>
          </Tooltip>
        </div>
      </header>
      <main id="main" tabIndex={-1} className={classes.main}>
        {children}
      </main>
    </div>
  );
}
