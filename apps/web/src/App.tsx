import type { Me } from "@vas/contracts/http.ts";
import { Component, lazy, type ReactNode, Suspense, useContext, useEffect, useState } from "react";
import type { ApiError } from "./api/client.ts";
import { LivePage } from "./live/LivePage.tsx";
import { isWall } from "./live/place.ts";
import { MeContext, useMay } from "./people/me.ts";
import { createSite, SiteContext, useOnline, useSite } from "./site.ts";
import { uiText } from "./strings/ui.ts";
import { AccountButton } from "./ui/AccountButton.tsx";
import { MAIN_ID, useHeadingFocus } from "./ui/focus.ts";
import { navigate, useAddress } from "./ui/hooks.ts";
import { EventsIcon, HealthIcon, LiveIcon, ModelsIcon, PeopleIcon, RecordingsIcon } from "./ui/icons.tsx";
import { LoginPage } from "./ui/LoginPage.tsx";
import { Empty, Failure, Link, Loading } from "./ui/parts.tsx";
import { ACCOUNT_PATH, HEALTH_PATH, PEOPLE_PATH, routeOf } from "./ui/route.ts";
import { listenForShortcuts, ShortcutContext, useShortcuts } from "./ui/shortcuts.ts";
import { ToastProvider } from "./ui/toast.tsx";

const CameraFormPage = lazy(() =>
  import("./cameras/CameraFormPage.tsx").then((page) => ({ default: page.CameraFormPage })),
);
const CameraPage = lazy(() => import("./cameras/CameraPage.tsx").then((page) => ({ default: page.CameraPage })));
const WallPage = lazy(() => import("./live/WallPage.tsx").then((page) => ({ default: page.WallPage })));
const RecordingsPage = lazy(() =>
  import("./playback/RecordingsPage.tsx").then((page) => ({ default: page.RecordingsPage })),
);
const KeptPage = lazy(() => import("./playback/KeptPage.tsx").then((page) => ({ default: page.KeptPage })));
const EventsPage = lazy(() => import("./events/EventsPage.tsx").then((page) => ({ default: page.EventsPage })));
const ModelsPage = lazy(() => import("./models/ModelsPage.tsx").then((page) => ({ default: page.ModelsPage })));
const AddModelPage = lazy(() => import("./models/AddModelPage.tsx").then((page) => ({ default: page.AddModelPage })));
const FramesPage = lazy(() => import("./health/FramesPage.tsx").then((page) => ({ default: page.FramesPage })));
const AuditPage = lazy(() => import("./health/AuditPage.tsx").then((page) => ({ default: page.AuditPage })));
const HealthPage = lazy(() => import("./health/HealthPage.tsx").then((page) => ({ default: page.HealthPage })));

const PeoplePage = lazy(() => import("./people/PeoplePage.tsx").then((page) => ({ default: page.PeoplePage })));
const ApiKeysPage = lazy(() => import("./people/ApiKeysPage.tsx").then((page) => ({ default: page.ApiKeysPage })));
const AccountMenu = lazy(() => import("./ui/AccountMenu.tsx").then((part) => ({ default: part.AccountMenu })));
const ShortcutCard = lazy(() => import("./ui/ShortcutCard.tsx").then((part) => ({ default: part.ShortcutCard })));
const AccountPage = lazy(() => import("./people/AccountPage.tsx").then((page) => ({ default: page.AccountPage })));

const ASK_AGAIN_MS = 5_000;
const WALL_AGAIN_MS = 30_000;

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

  // VAS may be starting: nobody should have to press anything for it, and at a wall there is nobody.
  const failed = session.state === "failed" ? session : null;
  useEffect(() => {
    if (!failed) return undefined;
    const timer = setTimeout(() => setTurn((old) => old + 1), ASK_AGAIN_MS);
    return () => clearTimeout(timer);
  }, [failed]);

  const inside = session.state === "in";
  useEffect(() => {
    if (!inside) return undefined;
    site.live.start();
    void site.cameras.reload();
    void site.groups.reload();
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
      {session.state === "asking" && <Loading what={uiText.brand} />}
      {session.state === "failed" && (
        <main className="login">
          <Failure error={session.error} retry={ask} />
        </main>
      )}
      {session.state === "out" && <LoginPage onLoggedIn={ask} />}
      {session.state === "in" && (
        <MeContext value={session.me}>
          <ToastProvider>
            <Inside me={session.me} turn={turn} onLoggedOut={() => setSession({ state: "out" })} />
          </ToastProvider>
        </MeContext>
      )}
    </SiteContext>
  );
}

const PLACES = [
  { to: "/", name: uiText.live, key: "l", icon: <LiveIcon />, pages: ["live", "camera", "camera_new", "camera_edit"] },
  { to: "/recordings", name: uiText.recordings, key: "r", icon: <RecordingsIcon />, pages: ["recordings", "kept"] },
  { to: "/events", name: uiText.events, key: "e", icon: <EventsIcon />, pages: ["events"] },
  { to: "/models", name: uiText.models, key: "m", icon: <ModelsIcon />, pages: ["models", "model_new"] },
  { to: HEALTH_PATH, name: uiText.health, key: "h", icon: <HealthIcon />, pages: ["health", "frames", "audit"] },
];
const PEOPLE_PLACE = {
  to: PEOPLE_PATH,
  name: uiText.people,
  key: "p",
  icon: <PeopleIcon />,
  pages: ["people", "keys"],
};

function Inside(props: { me: Me; turn: number; onLoggedOut: () => void }) {
  const { vas } = useSite();
  const online = useOnline();
  const address = useAddress();
  const route = routeOf(address.pathname);
  const mayAdminister = useMay("administer");
  const places = mayAdminister ? [...PLACES, PEOPLE_PLACE] : PLACES;
  const [listing, setListing] = useState(false);
  const book = useContext(ShortcutContext);
  useEffect(() => listenForShortcuts(book), [book]);
  useShortcuts(
    uiText.everywhere,
    [
      ...places.map((place) => ({
        keys: [`g ${place.key}`],
        words: uiText.goTo(place.name),
        run: () => navigate(place.to),
      })),
      { keys: ["g a"], words: uiText.goTo(uiText.myAccount), run: () => navigate(ACCOUNT_PATH) },
      { keys: ["?"], words: uiText.showShortcuts, run: () => setListing(true) },
    ],
    true,
  );
  useHeadingFocus(address.pathname);
  if (isWall(address))
    return (
      <Guard>
        <Suspense fallback={<Loading what={uiText.thePage} />}>
          <WallPage />
        </Suspense>
        {listing && (
          <Suspense fallback={null}>
            <ShortcutCard onClose={() => setListing(false)} />
          </Suspense>
        )}
      </Guard>
    );
  const logOut = async () => {
    await vas.logout();
    props.onLoggedOut();
  };
  return (
    <>
      <a className="skip" href={`#${MAIN_ID}`}>
        {uiText.skip}
      </a>
      <header className="top">
        <Link to="/" className="brand" label={`${uiText.brand}, ${uiText.liveCameras}`}>
          <img src="/icon.svg" alt="" width="24" height="24" />
          <b aria-hidden>{uiText.brand}</b>
        </Link>
        <nav aria-label={uiText.pages}>
          {places.map((place) => (
            <Link key={place.to} to={place.to} current={place.pages.includes(route.page)}>
              {place.icon}
              <span>{place.name}</span>
            </Link>
          ))}
        </nav>
        <Suspense fallback={<AccountButton username={props.me.username} disabled />}>
          <AccountMenu
            username={props.me.username}
            onShortcuts={() => setListing(true)}
            onLogOut={() => void logOut()}
          />
        </Suspense>
      </header>
      {!online && <OfflineLine />}
      <main id={MAIN_ID} tabIndex={-1}>
        <Guard key={`${address.pathname} ${props.turn}`}>
          <Suspense fallback={<Loading what={uiText.thePage} />}>
            <Allowed page={route.page}>{pageOf(route)}</Allowed>
          </Suspense>
        </Guard>
      </main>
      {listing && (
        <Suspense fallback={null}>
          <ShortcutCard onClose={() => setListing(false)} />
        </Suspense>
      )}
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
      {uiText.noConnection}
    </div>
  );
}

function pageOf(route: ReturnType<typeof routeOf>): ReactNode {
  switch (route.page) {
    case "wall":
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
    case "kept":
      return <KeptPage />;
    case "events":
      return <EventsPage />;
    case "model_new":
      return <AddModelPage />;
    case "models":
      return <ModelsPage />;
    case "health":
      return <HealthPage />;
    case "frames":
      return <FramesPage />;
    case "audit":
      return <AuditPage />;
    case "people":
      return <PeoplePage />;
    case "keys":
      return <ApiKeysPage />;
    case "account":
      return <AccountPage />;
    default:
      return (
        <Empty title={uiText.noSuchPage} page>
          <Link to="/" className="button">
            {uiText.liveCameras}
          </Link>
        </Empty>
      );
  }
}

const FOR_ADMINISTRATORS = ["camera_new", "camera_edit", "model_new", "people", "keys", "audit"];

/** An address that somebody typed or was sent, of a page that is not shown to this person. */
function Allowed(props: { page: string; children: ReactNode }) {
  const may = useMay("administer");
  if (may || !FOR_ADMINISTRATORS.includes(props.page)) return props.children;
  return (
    <Empty title={uiText.forAdministrators} page>
      <p>{uiText.askAnAdministrator}</p>
      <Link to="/" className="button">
        {uiText.liveCameras}
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

  override componentDidCatch(): void {
    // Nobody is there to press the button.
    if (isWall(new URL(location.href))) setTimeout(() => location.reload(), WALL_AGAIN_MS);
  }

  override render(): ReactNode {
    if (!this.state.error) return this.props.children;
    return (
      <Empty title={uiText.pageBroke} page>
        <p>{this.state.error.message}</p>
        <button type="button" onClick={() => location.reload()}>
          {uiText.loadAgain}
        </button>
      </Empty>
    );
  }
}
