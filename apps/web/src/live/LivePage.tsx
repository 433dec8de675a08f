import type { Camera } from "@vas/contracts/http.ts";
import { type KeyboardEvent, useRef, useState } from "react";
import type { ApiError } from "../api/client.ts";
import { pictureWords, stateTone } from "../cameras/words.ts";
import { May } from "../people/May.tsx";
import { useMay } from "../people/me.ts";
import { useCameras, useOnline, useSite } from "../site.ts";
import { useStored, useTitle } from "../ui/hooks.ts";
import { Badge, Empty, Failure, Link, Loading } from "../ui/parts.tsx";
import { gridPage, readTiles, TILE_CHOICES, TILES_KEY, tileAfter } from "./grid.ts";
import { useViewer } from "./useViewer.ts";

export function LivePage() {
  useTitle("Live");
  const { cameras: list } = useSite();
  const { cameras, error } = useCameras();
  const [tiles, setTiles] = useStored(TILES_KEY, readTiles);
  const [wanted, setWanted] = useState(0);
  const grid = useRef<HTMLUListElement>(null);
  const mayAdd = useMay("administer");

  if (cameras === null)
    return error ? <Failure error={error} retry={() => void list.reload()} /> : <Loading what="the cameras" />;
  if (cameras.length === 0 && !mayAdd)
    return (
      <Empty title="No cameras yet" page>
        <p>An administrator of this site grants you the cameras that you may see.</p>
      </Empty>
    );
  if (cameras.length === 0)
    return (
      <Empty title="No cameras yet" page>
        <p>A camera needs an RTSP address. VAS tries it and shows a picture before anything is saved.</p>
        <Link to="/cameras/new" className="button primary">
          Add a camera
        </Link>
      </Empty>
    );

  const { shown, page, pages } = gridPage(cameras, tiles, wanted);
  const columns = Math.sqrt(tiles);
  const move = (event: KeyboardEvent) => {
    const links = [...(grid.current?.querySelectorAll<HTMLElement>("a.tile") ?? [])];
    const next = tileAfter(event.key, links.indexOf(document.activeElement as HTMLElement), links.length, columns);
    if (next === null) return;
    event.preventDefault();
    links[next]?.focus();
  };

  return (
    <section aria-label="Live cameras">
      <div className="toolbar">
        <h1>Live</h1>
        <div className="segmented" role="group" aria-label="Tiles">
          {TILE_CHOICES.map((choice) => (
            <button
              key={choice}
              type="button"
              aria-pressed={choice === tiles}
              aria-label={`${choice} ${choice === 1 ? "tile" : "tiles"}`}
              onClick={() => setTiles(choice)}
            >
              {choice}
            </button>
          ))}
        </div>
        {pages > 1 && (
          <div className="row" role="group" aria-label="Pages of cameras">
            <button type="button" disabled={page === 0} onClick={() => setWanted(page - 1)}>
              Previous
            </button>
            <span className="quiet">
              {page + 1} of {pages}
            </span>
            <button type="button" disabled={page === pages - 1} onClick={() => setWanted(page + 1)}>
              Next
            </button>
          </div>
        )}
        <span className="spring" />
        <May need="administer">
          <Link to="/cameras/new" className="button">
            Add a camera
          </Link>
        </May>
      </div>
      <Failure error={error} retry={() => void list.reload()} />
      <ul className={`grid tiles-${tiles}`} ref={grid} onKeyDown={move}>
        {shown.map((camera) => (
          <Tile key={camera.id} camera={camera} />
        ))}
      </ul>
    </section>
  );
}

function Tile(props: { camera: Camera }) {
  const { camera } = props;
  const { vas } = useSite();
  const online = useOnline();
  const video = useRef<HTMLVideoElement>(null);
  const { view } = useViewer(camera.id, video);
  const [error, setError] = useState<ApiError | null>(null);
  const words = pictureWords(camera.status, view, online);
  const start = async () => {
    const outcome = await vas.startCamera(camera.id);
    setError(outcome.ok ? null : outcome.error);
  };
  return (
    <li className="tile-box" data-camera={camera.id} data-phase={view.phase}>
      <Link to={`/cameras/${camera.id}`} className="tile" label={`Open ${camera.name}`}>
        <video
          ref={video}
          muted
          playsInline
          autoPlay
          data-testid="live-video"
          className={words === null ? "" : "behind"}
        />
        {words !== null && <span className="tile-words">{words}</span>}
        <span className="tile-name">
          {camera.name} <Badge tone={stateTone(camera.status.state)}>{camera.status.state}</Badge>
        </span>
      </Link>
      {camera.status.state === "stopped" && (
        <div className="tile-action">
          <May need="operate">
            <button type="button" className="primary" onClick={() => void start()} aria-label={`Start ${camera.name}`}>
              Start
            </button>
          </May>
          {error && (
            <span className="bad-text" role="alert">
              {error.message}
            </span>
          )}
        </div>
      )}
    </li>
  );
}
