/** "person door yesterday" as filters: a person types what they look for, in any order, and presses Enter. */
import type { EventFilters, TimeChoice } from "./filters.ts";

export type KnownNames = {
  cameras: readonly { id: string; name: string }[];
  /** What models can find, and what was found. */
  labels: readonly string[];
};

export type Understood = {
  filters: Partial<EventFilters>;
  /** Words that mean nothing here, in order. */
  unknown: string[];
};

const TIMES: readonly (readonly [words: string, time: TimeChoice])[] = [
  ["last hour", "hour"],
  ["past hour", "hour"],
  ["this hour", "hour"],
  ["last 7 days", "week"],
  ["last seven days", "week"],
  ["last week", "week"],
  ["past week", "week"],
  ["this week", "week"],
  ["yesterday", "yesterday"],
  ["today", "today"],
  ["now", "hour"],
  ["week", "week"],
];
const REVIEWED: readonly (readonly [words: string, reviewed: "yes" | "no"])[] = [
  ["not reviewed", "no"],
  ["unreviewed", "no"],
  ["new", "no"],
  ["reviewed", "yes"],
];
/** Words of people for labels of data sets. */
const MEANT: Record<string, string> = {
  anybody: "person",
  anyone: "person",
  human: "person",
  man: "person",
  people: "person",
  persons: "person",
  somebody: "person",
  someone: "person",
  who: "person",
  woman: "person",
  bike: "bicycle",
  bikes: "bicycle",
  motorbike: "motorcycle",
  lorry: "truck",
  phone: "cell phone",
};
/** Said between the words that matter. */
const SILENT = new Set(
  "a an all any at by did event events find for from in is me near of on or show the there was were when with".split(
    " ",
  ),
);

export function understand(text: string, known: KnownNames): Understood {
  const filters: Partial<EventFilters> = {};
  let rest = ` ${text
    .toLowerCase()
    .replaceAll(/[,.;:?!"]+/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim()} `;
  const take = (words: string): boolean => {
    if (words === "" || !rest.includes(` ${words} `)) return false;
    rest = rest.replace(` ${words} `, "  ");
    return true;
  };

  // Long names first: "front door" before "door", "cell phone" before what else has a phone.
  const byLength = <T>(list: readonly T[], name: (one: T) => string) =>
    list.toSorted((a, b) => name(b).length - name(a).length);
  for (const camera of byLength(known.cameras, (one) => one.name))
    if (filters.camera === undefined && take(camera.name.toLowerCase())) filters.camera = camera.id;
  for (const label of byLength(known.labels, (one) => one))
    if (filters.label === undefined && (take(label.toLowerCase()) || take(`${label.toLowerCase()}s`)))
      filters.label = label;
  for (const [words, time] of TIMES) if (filters.time === undefined && take(words)) setTime(filters, time);
  for (const [words, reviewed] of REVIEWED)
    if (filters.reviewed === undefined && take(words)) filters.reviewed = reviewed;

  const unknown: string[] = [];
  for (const word of rest.split(" ")) {
    if (word === "" || SILENT.has(word)) continue;
    const meant = MEANT[word];
    const label = meant === undefined ? undefined : known.labels.find((one) => one.toLowerCase() === meant);
    const camera = known.cameras.find((one) => one.name.toLowerCase().split(/\s+/).includes(word));
    if (label !== undefined && filters.label === undefined) filters.label = label;
    else if (camera && (filters.camera === undefined || filters.camera === camera.id)) filters.camera = camera.id;
    else unknown.push(word);
  }
  return { filters, unknown };
}

function setTime(filters: Partial<EventFilters>, time: TimeChoice): void {
  filters.time = time;
  filters.from = "";
  filters.to = "";
}
