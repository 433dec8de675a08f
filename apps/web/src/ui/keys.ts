/** What of the page's own keys is left to the element that has the focus. */

type Focused = { tagName: string; type?: string };

const TEXTLESS = ["checkbox", "radio", "range", "button", "submit"];

/** @returns true where the key means something to the focused element itself */
export function keyBelongsTo(focused: Focused, key: string): boolean {
  const tag = focused.tagName;
  if (tag === "SELECT" || tag === "TEXTAREA") return true;
  if (tag === "INPUT" && !TEXTLESS.includes(focused.type ?? "text")) return true;
  return (tag === "BUTTON" || tag === "A" || tag === "INPUT") && (key === " " || key === "Enter");
}
