import type { Me } from "@vas/contracts/http.ts";
import { Component, lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import type { ApiError } from "./api/client.ts";
import { CameraFormPage } from "./cameras/CameraFormPage.tsx";
import { CameraPage } from "./cameras/CameraPage.tsx";
import { LivePage } from "./live/LivePage.tsx";
import { May } from "./people/May.tsx";
import { MeContext, useMay } from "./people/me.ts";
import { createSite, SiteContext, useOnline, useSite } from "./site.ts";
import { useAddress } from "./ui/hooks.ts";
import { LoginPage } from "./ui/LoginPage.tsx";
import { Empty, Failure, Link, Loading } from "./ui/parts.tsx";
import { ACCOUNT_PATH, HEALTH_PATH, PEOPLE_PATH, routeOf } from "./ui/route.ts";

const RecordingsPage = lazy(() =>
  import("./playback/RecordingsPage.tsx").then((page) => ({ default: page.RecordingsPage })),
);
const EventsPage = lazy(() => import("./events/EventsPage.tsx").then((page) => ({ default: page.EventsPage })));
const ModelsPage = lazy(() => import("./models/ModelsPage.tsx").then((page) => ({ default: page.ModelsPage })));
const HealthPage = lazy(() => import("./health/HealthPage.tsx").then((page) => ({ default: page.HealthPage })));

const PeoplePage = lazy(() => import("./people/PeoplePage.tsx").then((page) => ({ default: page.PeoplePage })));
const ApiKeysPage = lazy(() => import("./people/ApiKeysPage.tsx").then((page) => ({ default: page.ApiKeysPage })));
const AccountPage = lazy(() => import("./people/AccountPage.tsx").then((page) => ({ default: page.AccountPage })));

type Session = { state: "asking" } | { state: "out" } | { state: "in"; me: Me } | { state: "failed"; error: ApiError };

export function App() {
  const [session, setSession] = useState<Session>({ state: "asking" });
  const [site] = useState(() => createSite(() => setSession({ state: "out" })));
  const [turn, setTurn] = useState(0);

  // `turn` asks again: after a log in, and when a person wants to try again.
  useEffect(() => {
    let current = true;
    void site.vas.me().then((outcome) => {
      if (!current) return;
      if (outcome.ok) setSession({ state: "in", me: outcome.value });
      else if (outcome.error.status !== 401) setSession({ state: "failed", error: outcome.error });
    });
    return () => {
      current = false;
    };
  }, [site, turn]);

  const inside = session.state === "in";
  useEffect(() => {
    if (!inside) return undefined;
    site.live.start();
    void site.cameras.reload();
    const unhear = site.live.onNotice((notice) => {
      if (notice.notice !== "access_changed") return;
      setTurn((old) => old + 1);
      void site.cameras.reload();
    });
    return () => {
      unhear();
      site.live.stop();
    };
  }, [inside, site]);

  const ask = () => setTurn((old) => old + 1);
  return (
    <SiteContext value={site}>
      {session.state === "asking" && <Loading what="VAS" />}
      {session.state === "failed" && (
        <main className="login">
          <Failure error={session.error} retry={ask} />
        </main>
      )}
      {session.state === "out" && <LoginPage onLoggedIn={ask} />}
      {session.state === "in" && (
        <MeContext value={session.me}>
          <Inside me={session.me} turn={turn} onLoggedOut={() => setSession({ state: "out" })} />
        </MeContext>
      )}
    </SiteContext>
  );
}

const PLACES = [
  { to: "/", name: "Live", pages: ["live", "camera", "camera_new", "camera_edit"] },
  { to: "/recordings", name: "Recordings", pages: ["recordings"] },
  { to: "/events", name: "Events", pages: ["events"] },
  { to: "/models", name: "Models", pages: ["models"] },
  { to: HEALTH_PATH, name: "Health", pages: ["health"] },
];

function Inside(props: { me: Me; turn: number; onLoggedOut: () => void }) {
  const { vas } = useSite();
  const online = useOnline();
  const address = useAddress();
  const route = routeOf(address.pathname);
  const logout = async () => {
    await vas.logout();
    props.onLoggedOut();
  };
  return (
    <>
      <header className="top">
        <b className="brand">VAS</b>
        <nav aria-label="Pages">
          {PLACES.map((place) => (
            <Link key={place.to} to={place.to} current={place.pages.includes(route.page)}>
              {place.name}
            </Link>
          ))}
          <May need="administer">
            <Link to={PEOPLE_PATH} current={route.page === "people" || route.page === "keys"}>
              People
            </Link>
          </May>
        </nav>
        <Link
          to={ACCOUNT_PATH}
          className="quiet user"
          current={route.page === "account"}
          label={`${props.me.username}, my account`}
        >
          {props.me.username}
        </Link>
        <button type="button" className="plain" onClick={() => void logout()}>
          Log out
        </button>
      </header>
      {!online && <OfflineLine />}
      <main>
        <Guard key={`${address.pathname} ${props.turn}`}>
          <Suspense fallback={<Loading what="the page" />}>
            <Allowed page={route.page}>{pageOf(route)}</Allowed>
          </Suspense>
        </Guard>
      </main>
    </>
  );
}

/** Said only when the connection has been away for a moment, so that a start does not flash it. */
function OfflineLine() {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 1_500);
    return () => clearTimeout(timer);
  }, []);
  if (!late) return null;
  return (
    <div className="notice warn line" role="status">
      No connection to VAS. What you see may be old; trying again by itself.
    </div>
  );
}

function pageOf(route: ReturnType<typeof routeOf>): ReactNode {
  switch (route.page) {
    case "live":
      return <LivePage />;
    case "camera":
      return <CameraPage id={route.id} />;
    case "camera_new":
      return <CameraFormPage key="new" id={null} />;
    case "camera_edit":
      return <CameraFormPage key={route.id} id={route.id} />;
    case "recordings":
      return <RecordingsPage />;
    case "events":
      return <EventsPage />;
    case "models":
      return <ModelsPage />;
    case "health":
      return <HealthPage />;
    case "people":
      return <PeoplePage />;
    case "keys":
      return <ApiKeysPage />;
    case "account":
      return <AccountPage />;
    default:
      return (
        <Empty title="There is no such page">
          <Link to="/" className="button">
            Live cameras
          </Link>
        </Empty>
      );
  }
}

const FOR_ADMINISTRATORS = ["camera_new", "camera_edit", "people", "keys"];

/** An address that somebody typed or was sent, of a page that is not shown to this person. */
function Allowed(props: { page: string; children: ReactNode }) {
  const may = useMay("administer");
  if (may || !FOR_ADMINISTRATORS.includes(props.page)) return props.children;
  return (
    <Empty title="This page is for administrators">
      <Link to="/" className="button">
        Live cameras
      </Link>
    </Empty>
  );
}

/** A page that breaks says so and leaves the others usable. */
class Guard extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override render(): ReactNode {
    if (!this.state.error) return this.props.children;
    return (
      <Empty title="This page broke">
        <p>{this.state.error.message}</p>
        <button type="button" onClick={() => location.reload()}>
          Load it again
        </button>
      </Empty>
    );
  }
}
