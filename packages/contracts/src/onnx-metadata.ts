/**
 * What the metadata of an ONNX file means for a model folder: whoever reads the folder reads it alike. Only ModelProto's own
 * fields are looked at; the graph and its weights are skipped, so a file of gigabytes costs a few small reads.
 */

/** Bytes of a file: exactly so many, or fewer at its end. */
export type ReadBytes = (offset: number, length: number) => Promise<Uint8Array>;

/** A model has some ten fields of its own beside its metadata. */
const MAX_FIELDS = 1024;
const MAX_ENTRY_BYTES = 1024 * 1024;
/** A tag and a length, each a varint of at most ten bytes. */
const HEAD_BYTES = 20;
const METADATA_FIELD = 14;
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/**
 * @param size of the file in bytes
 * @returns the metadata by key; null where the file is no ModelProto, or is cut off
 */
export async function onnxMetadata(size: number, read: ReadBytes): Promise<Map<string, string> | null> {
  const found = new Map<string, string>();
  let at = 0;
  for (let fields = 0; at < size; fields++) {
    if (fields >= MAX_FIELDS) return null;
    const head = await read(at, HEAD_BYTES);
    const tag = varint(head, 0);
    if (tag === null || tag.value < 8) return null;
    const [field, kind] = [Math.floor(tag.value / 8), tag.value % 8];
    if (kind === VARINT) {
      const value = varint(head, tag.end);
      if (value === null) return null;
      at += value.end;
    } else if (kind === FIXED64 || kind === FIXED32) at += tag.end + (kind === FIXED64 ? 8 : 4);
    else if (kind === BYTES) {
      const length = varint(head, tag.end);
      if (length === null) return null;
      const start = at + length.end;
      at = start + length.value;
      if (at > size) return null;
      if (field !== METADATA_FIELD || length.value > MAX_ENTRY_BYTES) continue;
      const entry = entryOf(await read(start, length.value));
      if (entry === null) return null;
      found.set(entry.key, entry.value);
    } else return null;
  }
  return at === size ? found : null;
}

function entryOf(bytes: Uint8Array): { key: string; value: string } | null {
  const entry = { key: "", value: "" };
  for (let at = 0; at < bytes.length; ) {
    const tag = varint(bytes, at);
    const length = tag === null ? null : varint(bytes, tag.end);
    if (tag === null || length === null || tag.value % 8 !== BYTES) return null;
    const end = length.end + length.value;
    if (end > bytes.length) return null;
    const text = new TextDecoder().decode(bytes.subarray(length.end, end));
    if (tag.value >> 3 === 1) entry.key = text;
    else if (tag.value >> 3 === 2) entry.value = text;
    at = end;
  }
  return entry;
}

function varint(bytes: Uint8Array, from: number): { value: number; end: number } | null {
  let value = 0;
  for (let count = 0; count < 10; count++) {
    const byte = bytes[from + count];
    if (byte === undefined) return null;
    value += (byte & 127) * 2 ** (7 * count);
    if (byte < 128) return { value, end: from + count + 1 };
  }
  return null;
}

/**
 * The class names that Ultralytics' exporters write into `names`: a Python dict such as `{0: 'person', 1: "driver's seat"}`.
 *
 * @returns the names by class id, or an empty list where the text is of another form or an id is missing
 */
export function namesFromMetadata(text: string | undefined): string[] {
  const names: string[] = [];
  const body = /^\s*\{(.*)\}\s*$/s.exec(text ?? "")?.[1];
  if (body === undefined) return [];
  const entry = /\s*["']?(\d{1,5})["']?\s*:\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*(?:,|$)/sy;
  while (entry.lastIndex < body.length) {
    if (body.slice(entry.lastIndex).trim() === "") break;
    const found = entry.exec(body);
    if (found === null) return [];
    const name = (found[2] ?? found[3] ?? "").replaceAll(/\\(.)/gs, "$1").slice(0, 128);
    if (name !== "") names[Number(found[1])] = name;
  }
  return Array.from(names).every((name) => name !== undefined) ? names : [];
}
