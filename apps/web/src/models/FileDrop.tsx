/** Where files are dropped or chosen. A dropped folder is read as far as its own files. */
import { type DragEvent, useRef, useState } from "react";
import { addModelText } from "../strings/add-model.ts";

type Entry = FileSystemEntry & Partial<FileSystemFileEntry & FileSystemDirectoryEntry>;

export function FileDrop(props: { maxBytes: number; onFiles: (files: File[]) => void }) {
  const [over, setOver] = useState(false);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void dropped(event.dataTransfer).then(props.onFiles);
  };
  const choose = (input: HTMLInputElement | null) => {
    if (input === null) return;
    props.onFiles([...(input.files ?? [])]);
    input.value = "";
  };
  return (
    <div
      className={over ? "file-drop over" : "file-drop"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <strong>{addModelText.drop}</strong>
      <p className="quiet">{addModelText.dropWords(props.maxBytes / 1024 ** 2)}</p>
      <div className="row">
        <button type="button" className="primary" onClick={() => files.current?.click()}>
          {addModelText.chooseFiles}
        </button>
        <button type="button" onClick={() => folder.current?.click()}>
          {addModelText.chooseFolder}
        </button>
      </div>
      <input
        ref={files}
        type="file"
        multiple
        hidden
        aria-label={addModelText.chooseFiles}
        onChange={(event) => choose(event.target)}
      />
      <input
        ref={folder}
        type="file"
        hidden
        aria-label={addModelText.chooseFolder}
        {...{ webkitdirectory: "" }}
        onChange={(event) => choose(event.target)}
      />
    </div>
  );
}

/** The items must be asked for before anything is waited for: the browser empties them after the event. */
async function dropped(data: DataTransfer): Promise<File[]> {
  const entries = [...data.items].map((item): Entry | null => item.webkitGetAsEntry());
  if (entries.every((entry) => entry === null || entry.isFile)) return [...data.files];
  const found: File[] = [];
  for (const entry of entries) {
    if (entry?.isFile) found.push(await fileOf(entry));
    else if (entry?.isDirectory)
      for (const inner of await entriesOf(entry)) if (inner.isFile) found.push(await fileOf(inner));
  }
  return found;
}

function fileOf(entry: Entry): Promise<File> {
  return new Promise((resolve, reject) => entry.file?.(resolve, reject));
}

/** A reader gives at most a hundred at a time, and none at the end. */
async function entriesOf(entry: Entry): Promise<Entry[]> {
  const reader = entry.createReader?.();
  const all: Entry[] = [];
  for (;;) {
    const some = await new Promise<Entry[]>((resolve, reject) => reader?.readEntries(resolve, reject));
    if (some.length === 0 || all.length > 1000) return all;
    all.push(...some);
  }
}
