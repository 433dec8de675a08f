/** The order of a group's tiles: dragged, or moved by the buttons on each, which a keyboard and a finger reach too. */
import type { Camera, CameraGroup } from "@vas/contracts/http.ts";
import { useEffect, useRef, useState } from "react";
import type { ApiError } from "../api/client.ts";
import { useSite } from "../site.ts";
import { liveText } from "../strings/live.ts";
import { Failure } from "../ui/parts.tsx";
import type { Tiles } from "./grid.ts";
import { moved } from "./groups.ts";

export function Arrange(props: { group: CameraGroup; cameras: readonly Camera[]; tiles: Tiles; onDone: () => void }) {
  const { vas, groups } = useSite();
  const [order, setOrder] = useState<readonly Camera[]>(props.cameras);
  const [dragged, setDragged] = useState<number | null>(null);
  const [said, setSaid] = useState("");
  const [error, setError] = useState<ApiError | null>(null);
  const list = useRef<HTMLUListElement>(null);
  const { onDone } = props;

  const move = (from: number, to: number) => {
    const next = moved(order, from, to);
    const camera = order[from];
    setOrder(next);
    if (camera) setSaid(liveText.nowAt(camera.name, next.indexOf(camera) + 1, next.length));
  };
  const save = async () => {
    const outcome = await vas.patchGroup(props.group.id, { camera_ids: order.map(({ id }) => id) });
    if (!outcome.ok) return setError(outcome.error);
    await groups.reload();
    onDone();
  };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape") onDone();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [onDone]);

  return (
    <section aria-label={liveText.arrange}>
      <div className="toolbar">
        <h1>{props.group.name}</h1>
        <span className="quiet">{liveText.arranging}</span>
        <span className="spring" />
        <button type="button" onClick={onDone}>
          {liveText.cancel}
        </button>
        <button type="button" className="primary" onClick={() => void save()}>
          {liveText.saveOrder}
        </button>
      </div>
      <Failure error={error} />
      <p className="visually-hidden" role="status">
        {said}
      </p>
      <ul className={`grid arrange tiles-${props.tiles}`} ref={list}>
        {order.map((camera, at) => (
          <li
            key={camera.id}
            className={dragged === at ? "tile-box dragged" : "tile-box"}
            draggable
            onDragStart={(event) => {
              event.dataTransfer.effectAllowed = "move";
              // Firefox drags nothing that carries nothing.
              event.dataTransfer.setData("text/plain", camera.name);
              setDragged(at);
            }}
            onDragEnd={() => setDragged(null)}
            onDragOver={(event) => event.preventDefault()}
            onDragEnter={() => {
              if (dragged === null || dragged === at) return;
              move(dragged, at);
              setDragged(at);
            }}
            onDrop={(event) => event.preventDefault()}
          >
            <div className="tile still">
              <span className="tile-words">
                {at + 1}. {camera.name}
              </span>
              <span className="tile-moves">
                <button
                  type="button"
                  disabled={at === 0}
                  aria-label={liveText.earlier(camera.name)}
                  onClick={() => move(at, at - 1)}
                >
                  ◀
                </button>
                <button
                  type="button"
                  disabled={at === order.length - 1}
                  aria-label={liveText.later(camera.name)}
                  onClick={() => move(at, at + 1)}
                >
                  ▶
                </button>
              </span>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
