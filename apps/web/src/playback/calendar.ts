/** A month as a page of a calendar: weeks from Monday on. Days are written `2026-03-04`, months `2026-03`. */

const pad = (value: number): string => String(value).padStart(2, "0");

export function monthOf(atMs: number): string {
  const at = new Date(atMs);
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}`;
}

export function monthBeside(month: string, by: 1 | -1): string {
  const [year, number] = month.split("-").map(Number) as [number, number];
  return monthOf(new Date(year, number - 1 + by, 1).getTime());
}

export function monthWords(month: string): string {
  const [year, number] = month.split("-").map(Number) as [number, number];
  return new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric" }).format(new Date(year, number - 1, 1));
}

/** Weeks of seven; null where the day belongs to another month. */
export function weeks(month: string): (string | null)[][] {
  const [year, number] = month.split("-").map(Number) as [number, number];
  const before = (new Date(year, number - 1, 1).getDay() + 6) % 7;
  const count = new Date(year, number, 0).getDate();
  const cells: (string | null)[] = Array.from({ length: before }, () => null);
  for (let day = 1; day <= count; day++) cells.push(`${month}-${pad(day)}`);
  while (cells.length % 7 !== 0) cells.push(null);
  return Array.from({ length: cells.length / 7 }, (_, week) => cells.slice(week * 7, week * 7 + 7));
}

/** Where an arrow key leads from a day; Home and End go to the week's ends. */
export function dayBeside(day: string, key: string): string | null {
  const [year, month, date] = day.split("-").map(Number) as [number, number, number];
  const weekday = (new Date(year, month - 1, date).getDay() + 6) % 7;
  const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7, Home: -weekday, End: 6 - weekday }[key];
  if (by === undefined) return null;
  const at = new Date(year, month - 1, date + by);
  return `${monthOf(at.getTime())}-${pad(at.getDate())}`;
}
