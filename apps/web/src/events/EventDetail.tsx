/** One event: its picture with what was found, facts in words, and what can be done with it. */
import type { AiEvent } from "@vas/contracts/http.ts";
import { clipVideo, snapshotImage } from "../api/vas.ts";
import { switchOverlayOn } from "../overlay/useOverlaySettings.ts";
import { useMe } from "../people/me.ts";
import { May } from "../people/May.tsx";
import { eventsText } from "../strings/events.ts";
import { fullTime } from "../ui/format.ts";
import { navigate, useStored } from "../ui/hooks.ts";
import { CheckIcon, DownIcon } from "../ui/icons.tsx";
import { type Fact, Facts, Link, Switch } from "../ui/parts.tsx";
import { momentPath } from "../ui/route.ts";
import { EventPicture } from "./EventPicture.tsx";
import { aboutMoment, dayTime, extraFacts, fileName, lasted, sure } from "./words.ts";

type Props = {
  event: AiEvent;
  /** Null where the camera is gone. */
  cameraName: string | null;
  modelName: string;
  /** Absent where there is none. */
  onNewer: (() => void) | undefined;
  onOlder: (() => void) | undefined;
  onReview: (reviewed: boolean) => void;
};

/** To the moment in the recording. Whoever asks for it from an event wants its boxes, so the overlay is switched on. */
export function showRecording(event: AiEvent, userId: string): void {
  switchOverlayOn(userId);
  navigate(momentPath(event.camera_id, event.timestamp));
}

export function EventDetail(props: Props) {
  const { event, modelName, onReview } = props;
  const me = useMe();
  const [boxes, setBoxes] = useStored("vas.event-boxes", (kept) => kept !== false);
  const camera = props.cameraName ?? eventsText.goneCamera;
  const time = lasted(event);
  const about = aboutMoment(event);
  const facts: Fact[] = [
    { name: eventsText.facts.found, value: `${event.label}, ${sure(event)}` },
    { name: eventsText.facts.camera, value: camera },
    { name: eventsText.facts.when, value: [dayTime(event.timestamp, new Date()), about].filter(Boolean).join(", ") },
    {
      name: eventsText.facts.lasted,
      value:
        time === null ? eventsText.goingOn : event.frames === null ? time : eventsText.lastedFrames(time, event.frames),
    },
    ...extraFacts(event.event_metadata),
    { name: eventsText.facts.by, value: modelName },
    {
      name: eventsText.facts.reviewed,
      value: event.review ? eventsText.reviewedBy(event.review.by, fullTime(event.review.at)) : eventsText.notReviewed,
    },
  ];
  const reviewed = event.review !== null;
  return (
    <article className="event-detail" data-shown={event.id} aria-label={eventsText.detail}>
      <EventPicture event={event} alt={eventsText.pictureOf(event.label, camera)} boxes={boxes} />
      {about && <p className="quiet">{eventsText.aboutMomentWords}</p>}
      <div className="row wrap event-bar">
        <button
          type="button"
          className="icon-button turned-up"
          aria-label={eventsText.newer}
          title={`${eventsText.newer} (k)`}
          disabled={!props.onNewer}
          onClick={props.onNewer}
        >
          <DownIcon />
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label={eventsText.older}
          title={`${eventsText.older} (j)`}
          disabled={!props.onOlder}
          onClick={props.onOlder}
        >
          <DownIcon />
        </button>
        <May need="operate">
          <button
            type="button"
            className="review-button"
            aria-pressed={reviewed}
            title={`${reviewed ? eventsText.unmark : eventsText.mark} (r)`}
            onClick={() => onReview(!reviewed)}
          >
            <CheckIcon />
            {eventsText.reviewed}
          </button>
        </May>
        <span className="spring" />
        <Switch label={eventsText.boxes} checked={boxes} onChange={setBoxes} />
      </div>
      <div className="row wrap">
        <span onClickCapture={() => switchOverlayOn(me.id)}>
          <Link to={momentPath(event.camera_id, event.timestamp)} className="button primary">
            {eventsText.showRecording}
          </Link>
        </span>
        {props.cameraName !== null && (
          <Link to={`/cameras/${event.camera_id}`} className="button">
            {eventsText.showLive}
          </Link>
        )}
        {event.snapshot_id && (
          <a className="button" href={snapshotImage(event.snapshot_id)} download={fileName(event, camera, "jpg")}>
            {eventsText.downloadPicture}
          </a>
        )}
        {event.clip_id && (
          <a className="button" href={clipVideo(event.clip_id)} download={fileName(event, camera, "mp4")}>
            {eventsText.downloadClip}
          </a>
        )}
      </div>
      <Facts facts={facts} />
      <details>
        <summary>{eventsText.moreDetails}</summary>
        <Facts
          facts={[
            { name: eventsText.details.model, value: event.model_id },
            { name: eventsText.details.frame, value: event.frame_id },
            ...(event.best_frame_id === null
              ? []
              : [{ name: eventsText.details.bestFrame, value: event.best_frame_id }]),
            { name: eventsText.details.stored, value: fullTime(event.created_at) },
            { name: eventsText.details.id, value: <code>{event.id}</code> },
            { name: eventsText.details.detections, value: inWords(event) },
          ]}
        />
      </details>
    </article>
  );
}

/** `2 person, 1 dog` */
function inWords(event: AiEvent): string {
  const counts = new Map<string, number>();
  for (const { class_name } of event.detections) counts.set(class_name, (counts.get(class_name) ?? 0) + 1);
  return [...counts].map(([name, count]) => `${count} ${name}`).join(", ") || "-";
}
