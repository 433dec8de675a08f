import type { TimeChoice } from "../events/filters.ts";
import type { WhyEmpty } from "../events/why.ts";

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

const times: Record<TimeChoice, string> = {
  any: "Any time",
  hour: "Last hour",
  today: "Today",
  yesterday: "Yesterday",
  week: "Last 7 days",
  custom: "Custom",
};

const why: Record<WhyEmpty, { title: string; words: string }> = {
  no_model: {
    title: "Nothing is looked for",
    words: "No model is switched on for any camera, so no event can come.",
  },
  no_model_here: {
    title: "Nothing is looked for on this camera",
    words: "No model is switched on for it. Events of other cameras are not shown by these filters.",
  },
  core_away: {
    title: "No frames are looked at",
    words: "Ruth Core is not connected to VAS. Video and recordings go on; events come when it is back.",
  },
  never_found: {
    title: "No model here can find this",
    words: "None of the models that are switched on here knows this label.",
  },
  all_reviewed: { title: "Everything has been reviewed", words: "New events appear here as they come." },
  filters: {
    title: "No event fits these filters",
    words: "Widen the time, choose another camera, or clear the filters.",
  },
  nothing_yet: { title: "No events yet", words: "Models are looking, and none has found anything so far." },
};

export const eventsText = {
  title: "Events",
  filters: "Filters",
  moreFilters: "More filters",
  clear: "Clear the filters",
  search: "Look for",
  searchHint: "person at the door yesterday",
  searchGo: "Search",
  notUnderstood: (words: string[]) =>
    `Not understood: ${words.join(", ")}. Say a camera, what was found, and a time such as today or yesterday.`,
  when: "When",
  times,
  camera: "Camera",
  allCameras: "All cameras",
  label: "What",
  anything: "Anything",
  inThisList: "In this list",
  canBeFound: "Models can find",
  reviewed: "Reviewed",
  reviewedChoices: { any: "All", no: "Not reviewed", yes: "Reviewed" },
  model: "Model",
  allModels: "All models",
  confidence: "Confidence from",
  from: "From",
  to: "To",

  list: "Event list",
  arrived: (count: number) => plural(count, "new event", "new events"),
  markAll: (count: number) => `Mark ${count === 1 ? "it" : `all ${count}`} as reviewed`,
  markedAll: (count: number) => `${plural(count, "event is", "events are")} marked as reviewed.`,
  undo: "Undo",
  count: (count: number, more: boolean) => (more ? `${count} events so far` : plural(count, "event", "events")),
  loading: "the events",
  loadingOlder: "older events",
  end: "These are all the events.",
  full: (count: number) => `These are the newest ${count}. Narrow the time to see older ones.`,
  why,
  toModels: "Assign a model",
  toHealth: "Look at the health page",
  showOlder: "Show reviewed ones too",

  goneCamera: "a camera that is gone",
  rowLabel: (label: string, camera: string, when: string) => `${label} at ${camera}, ${when}`,
  goingOn: "going on",
  noPicture: "No picture",
  pictureGone: "The picture is gone",
  aboutMoment: "about this moment",
  aboutMomentWords:
    "The model looked at the camera's sub stream. The picture and the recording are of the main stream and show about this moment.",
  whyNoPicture: "No picture was kept: at most one a second is taken for each camera and model.",
  mark: "Mark as reviewed",
  unmark: "Take the reviewed mark away",
  reviewedBy: (name: string, when: string) => `Reviewed by ${name}, ${when}`,
  notReviewed: "Not reviewed",

  detail: "Event",
  choose: "Choose an event to see it here.",
  chooseKeys: "Arrows or j and k go through them, r marks one as reviewed, Enter shows the recording.",
  pictureOf: (label: string, camera: string) => `The picture of ${label} at ${camera}`,
  boxes: "Boxes",
  newer: "Newer event",
  older: "Older event",
  close: "Close the event",
  showRecording: "Show in recording",
  showLive: "Live view",
  downloadPicture: "Download picture",
  downloadClip: "Download clip",
  facts: {
    found: "Found",
    camera: "Camera",
    when: "When",
    lasted: "Lasted",
    zone: "Zone",
    by: "By",
    reviewed: "Reviewed",
  },
  lastedFrames: (time: string, frames: number) => `${time}, seen in ${plural(frames, "frame", "frames")}`,
  sure: (least: number, best: number | null) =>
    best === null || best <= least ? `${least} % sure` : `${least} % sure, ${best} % at best`,
  moreDetails: "More details",
  details: {
    model: "Model",
    frame: "Frame",
    bestFrame: "Best frame",
    stored: "Stored",
    id: "Event id",
    detections: "In this frame",
  },
  missing: "There is no such event, or you may not see its camera.",
  backToList: "All events",

  keys: {
    next: "Older event",
    previous: "Newer event",
    review: "Mark as reviewed, or take it back",
    open: "Show in recording",
    close: "Close the event",
    search: "Look for something",
  },
};
