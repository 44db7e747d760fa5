import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
} from "@tanstack/react-router";
import { useSession } from "@prosopon/react-hooks";
import { NotFound } from "./components/not-found.tsx";
import { PageFailed } from "./components/page-failed.tsx";
import { PageSkeleton } from "./components/page-skeleton.tsx";
import { Shell } from "./components/shell.tsx";
import { SignIn } from "./pages/sign-in.tsx";

const root = createRootRoute({ component: Root, notFoundComponent: NotFound });

function Root() {
  const { signedIn } = useSession();
  if (!signedIn) return <SignIn />;
  return (
    <Shell>
      <Outlet />
    </Shell>
  );
}

const people = createRoute({
  getParentRoute: () => root,
  path: "/",
  component: lazyRouteComponent(() => import("./pages/people.tsx"), "People"),
});
const person = createRoute({
  getParentRoute: () => root,
  path: "/people/$personId",
  component: lazyRouteComponent(() => import("./pages/person.tsx"), "Person"),
});
const enrol = createRoute({
  getParentRoute: () => root,
  path: "/enrol",
  component: lazyRouteComponent(() => import("./pages/enrol.tsx"), "Enrol"),
});
const search = createRoute({
  getParentRoute: () => root,
  path: "/search",
  component: lazyRouteComponent(() => import("./pages/search.tsx"), "Search"),
});
const identify = createRoute({
  getParentRoute: () => root,
  path: "/identify",
  component: lazyRouteComponent(() => import("./pages/identify.tsx"), "Identify"),
});
const recognise = createRoute({
  getParentRoute: () => root,
  path: "/recognise",
  validateSearch: ({ person }: Record<string, unknown>): { person?: string } =>
    typeof person === "string" ? { person } : {},
  component: lazyRouteComponent(() => import("./pages/recognise.tsx"), "Recognise"),
});
const collections = createRoute({
  getParentRoute: () => root,
  path: "/collections",
  component: lazyRouteComponent(() => import("./pages/collections.tsx"), "Collections"),
});
const jobs = createRoute({
  getParentRoute: () => root,
  path: "/jobs",
  component: lazyRouteComponent(() => import("./pages/jobs.tsx"), "Jobs"),
});
const api = createRoute({
  getParentRoute: () => root,
  path: "/api",
  component: lazyRouteComponent(() => import("./pages/api.tsx"), "Api"),
});

export const router = createRouter({
  routeTree: root.addChildren([people, person, enrol, search, identify, recognise, collections, jobs, api]),
  defaultPreload: "intent",
  defaultPendingComponent: PageSkeleton,
  defaultErrorComponent: PageFailed,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
