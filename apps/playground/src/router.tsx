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
import { useCollectionId } from "./library/collection.ts";
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

/** Its pages work in the chosen collection. In another they begin anew, without the lists and answers of the one before. */
const inCollection = createRoute({ getParentRoute: () => root, id: "_collection", component: InCollection });

function InCollection() {
  return <Outlet key={useCollectionId() ?? "default"} />;
}

const people = createRoute({
  getParentRoute: () => inCollection,
  path: "/",
  component: lazyRouteComponent(() => import("./pages/people.tsx"), "People"),
});
const person = createRoute({
  getParentRoute: () => root,
  path: "/people/$personId",
  component: lazyRouteComponent(() => import("./pages/person.tsx"), "Person"),
});
const enrol = createRoute({
  getParentRoute: () => inCollection,
  path: "/enrol",
  component: lazyRouteComponent(() => import("./pages/enrol.tsx"), "Enrol"),
});
const search = createRoute({
  getParentRoute: () => inCollection,
  path: "/search",
  component: lazyRouteComponent(() => import("./pages/search.tsx"), "Search"),
});
const identify = createRoute({
  getParentRoute: () => inCollection,
  path: "/identify",
  component: lazyRouteComponent(() => import("./pages/identify.tsx"), "Identify"),
});
const recognise = createRoute({
  getParentRoute: () => inCollection,
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
  routeTree: root.addChildren([
    inCollection.addChildren([people, enrol, search, identify, recognise]),
    person,
    collections,
    jobs,
    api,
  ]),
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
