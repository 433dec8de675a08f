/** The picture of an event's own frame, with what was found in it (dashed where that was of the sub stream), in a place that keeps its size whatever comes. */
import type { AiEvent } from "@vas/contracts/http.ts";
import { useCallback, useEffect, useRef, useState } from "react";
import { snapshotImage } from "../api/vas.ts";
import { readResult } from "../overlay/declared.ts";
import { draw } from "../overlay/draw.ts";
import { onDevicePixels, pictureRect } from "../overlay/geometry.ts";
import { markedBy } from "../overlay/results.ts";
import { overlayKey, readOverlaySettings } from "../overlay/settings.ts";
import { loadSkeletons, NO_SKELETONS } from "../overlay/skeletons.ts";
import { useMe } from "../people/me.ts";
import { useSite } from "../site.ts";
import { eventsText } from "../strings/events.ts";
import { load } from "../ui/stored.ts";

export function EventPicture(props: { event: AiEvent; alt: string; boxes: boolean }) {
  const { event, alt, boxes } = props;
  const userId = useMe().id;
  const stage = useRef<HTMLDivElement>(null);
  const image = useRef<HTMLImageElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [broken, setBroken] = useState<string | null>(null);
  const isBroken = broken === event.snapshot_id;
  const { vas } = useSite();
  const [skeletons, setSkeletons] = useState(NO_SKELETONS);
  useEffect(() => {
    let current = true;
    void loadSkeletons(vas, Date.now()).then((found) => current && setSkeletons(found));
    return () => {
      current = false;
    };
  }, [vas]);

  const paint = useCallback(() => {
    const [box, picture, target] = [stage.current, image.current, canvas.current];
    const pen = target?.getContext("2d");
    if (!box || !target || !pen) return;
    const { naturalWidth = 0, naturalHeight = 0 } = picture?.complete ? picture : {};
    const scale = devicePixelRatio;
    const rect = onDevicePixels(pictureRect(box.clientWidth, box.clientHeight, naturalWidth, naturalHeight), scale);
    target.width = rect.pixelWidth;
    target.height = rect.pixelHeight;
    Object.assign(target.style, {
      left: `${rect.x}px`,
      top: `${rect.y}px`,
      width: `${rect.width}px`,
      height: `${rect.height}px`,
    });
    const result = readResult(event, () => {});
    const kept = load(localStorage, overlayKey(userId), readOverlaySettings);
    // A person who asks for this event wants all of it, whatever is hidden in the live view.
    const settings = { ...kept, on: boxes && naturalWidth > 0, threshold: 0, hidden: [], hiddenLabels: [] };
    const drawn = draw(
      pen,
      result === null ? [] : markedBy([{ result, ageTicks: 0 }], "main"),
      settings,
      target.width,
      target.height,
      scale,
      [],
      skeletons,
    );
    target.dataset.drawn = String(drawn.length);
  }, [event, boxes, userId, skeletons]);

  useEffect(() => {
    paint();
    const observer = new ResizeObserver(paint);
    if (stage.current) observer.observe(stage.current);
    return () => observer.disconnect();
  }, [paint]);

  return (
    <div className="event-stage" ref={stage}>
      {event.snapshot_id && !isBroken ? (
        <img
          key={event.snapshot_id}
          ref={image}
          src={snapshotImage(event.snapshot_id)}
          alt={alt}
          data-testid="event-picture"
          onLoad={paint}
          onError={() => setBroken(event.snapshot_id)}
        />
      ) : (
        <p>{isBroken ? eventsText.pictureGone : eventsText.whyNoPicture}</p>
      )}
      <canvas ref={canvas} aria-hidden="true" data-testid="event-boxes" />
    </div>
  );
}
