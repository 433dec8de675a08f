/**
 * Drafts: files of a model that an administrator sent and that are no model yet. They lie in a folder of their own, bounded
 * in number, size and life, until they are added to the folder of models that Core watches, or thrown away. They are of no
 * camera and of no request: a draft is in memory, and what an earlier VAS left is removed at the start.
 */
import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import {
  access,
  chmod,
  constants,
  copyFile,
  lstat,
  mkdir,
  readFile,
  rename,
  rm,
  statfs,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { CodedError } from "@vas/contracts/errors.ts";
import { parseModelYaml } from "@vas/contracts/model.ts";
import {
  DRAFT_FILE,
  DRAFT_LIFE_MS,
  type DoctorAnswer,
  MAX_DRAFT_FILE_BYTES,
  MAX_DRAFT_FILES,
  MAX_DRAFTS,
  type ModelAdded,
  type ModelDraft,
  type ModelDraftSettings,
  type ModelExamination,
  type ModelTrial,
} from "@vas/contracts/model-drafts.ts";
import { markAdded } from "./added-models.ts";
import type { Backend, Doctor } from "./context.ts";
import { Slots } from "./slots.ts";
import { findModel } from "./store/ai-models.ts";
import { isoTime } from "./validation.ts";

/** What recordings keep for themselves. */
const RESERVED_BYTES = 1024 ** 3;
/** A sender may be slow, but not for ever. */
const UPLOAD_MS = 30 * 60_000;
const SWEEP_MS = 60_000;
const YAML = "model.yaml";
/** Beside the files; no file of a draft begins with a point. */
const PICTURE = ".picture.jpg";

type Draft = {
  id: string;
  folder: string;
  files: Map<string, number>;
  createdWallMs: number;
  touchedWallMs: number;
  /** Ends what is being done with it when it is removed. */
  ending: AbortController;
  pending: Set<string>;
  pictureWallMs: number | null;
};

export class ModelDrafts {
  readonly #backend: Backend;
  readonly #doctor: Doctor | undefined;
  readonly #folder: string;
  readonly #drafts = new Map<string, Draft>();
  readonly #sweeper: NodeJS.Timeout;
  /** The doctor takes a core for a while: one at a time. */
  readonly #slots = new Slots(
    1,
    3,
    () => new CodedError("model_draft_limit", "The doctor is busy with other drafts; try again in a moment."),
  );

  /** @param doctor undefined where this VAS comes without one */
  constructor(backend: Backend, doctor: Doctor | undefined) {
    this.#backend = backend;
    this.#doctor = doctor;
    this.#folder = join(backend.config.dataDir, "model-drafts");
    this.#sweeper = setInterval(() => void this.#sweep(), SWEEP_MS).unref();
  }

  async start(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
    await mkdir(this.#folder, { mode: 0o700 });
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    await Promise.all([...this.#drafts.keys()].map((id) => this.remove(id)));
  }

  list(): ModelDraft[] {
    return [...this.#drafts.values()].map(toApi);
  }

  /** @throws CodedError model_draft_not_found */
  get(id: string): ModelDraft {
    return toApi(this.#find(id));
  }

  /** @throws CodedError model_draft_limit */
  async create(): Promise<ModelDraft> {
    await this.#sweep();
    if (this.#drafts.size >= MAX_DRAFTS) throw new CodedError("model_draft_limit");
    const id = randomUUID();
    const now = this.#backend.clock.wallMs();
    const draft: Draft = {
      id,
      folder: join(this.#folder, id),
      files: new Map(),
      createdWallMs: now,
      touchedWallMs: now,
      ending: new AbortController(),
      pending: new Set(),
      pictureWallMs: null,
    };
    this.#drafts.set(id, draft);
    await mkdir(draft.folder, { mode: 0o700, recursive: true });
    return toApi(draft);
  }

  /**
   * Keeps one file of a draft, as it comes.
   *
   * @param sizeBytes what the sender says it is; undefined where it does not say
   * @throws CodedError model_draft_not_found, model_file_refused, payload_too_large, model_draft_limit
   */
  async put(
    id: string,
    name: string,
    content: Readable,
    { sizeBytes, signal }: { sizeBytes: number | undefined; signal: AbortSignal },
  ): Promise<ModelDraft> {
    const draft = this.#find(id);
    if (!DRAFT_FILE.test(name)) throw new CodedError("model_file_refused", refusalOf(name));
    if (!draft.files.has(name) && draft.files.size + draft.pending.size >= MAX_DRAFT_FILES)
      throw new CodedError("model_draft_limit", `A draft may have so many files [max:${MAX_DRAFT_FILES}].`);
    if (draft.pending.has(name)) throw new CodedError("model_file_refused", `The file ${name} is being sent already.`);
    const { bavail, bsize } = await statfs(this.#folder);
    const room = Math.min(MAX_DRAFT_FILE_BYTES, bavail * bsize - RESERVED_BYTES);
    if (room <= 0) throw new CodedError("model_draft_limit", "The disk of the data folder is too full for a draft.");
    if (sizeBytes !== undefined && sizeBytes > room) throw tooLarge(room);
    const part = join(draft.folder, `.${randomUUID()}.part`);
    draft.pending.add(name);
    try {
      const written = await this.#write(content, part, {
        room,
        signal: AbortSignal.any([signal, draft.ending.signal, AbortSignal.timeout(UPLOAD_MS)]),
      });
      if (written === 0) throw new CodedError("model_file_refused", `The file ${name} is empty.`);
      await rename(part, join(draft.folder, name));
      draft.files.set(name, written);
      draft.touchedWallMs = this.#backend.clock.wallMs();
      return toApi(draft);
    } catch (thrown) {
      await rm(part, { force: true });
      if (draft.ending.signal.aborted) throw new CodedError("model_draft_not_found");
      throw thrown;
    } finally {
      draft.pending.delete(name);
    }
  }

  /** What the doctor says of a draft. @throws CodedError model_draft_not_found, model_invalid, model_examination_failed */
  async examine(id: string, settings: ModelDraftSettings, signal: AbortSignal): Promise<ModelExamination> {
    const answer = await this.#ask("examine", this.#find(id), settings, signal);
    if ("examination" in answer) return answer.examination;
    throw new CodedError("model_examination_failed");
  }

  /**
   * Runs a draft once on a picture of a camera.
   *
   * @throws CodedError as examine, and camera_not_live or snapshot_failed
   */
  async try(
    id: string,
    cameraId: string,
    { settings, signal }: { settings: ModelDraftSettings; signal: AbortSignal },
  ): Promise<ModelTrial> {
    const draft = this.#find(id);
    const picture = await this.#backend.kernel.pictureNow(cameraId);
    await writeFile(join(draft.folder, PICTURE), picture.jpeg, { mode: 0o600 });
    draft.pictureWallMs = picture.wallMs;
    const answer = await this.#ask("try", draft, settings, signal);
    if (!("trial" in answer)) throw new CodedError("model_examination_failed");
    return { ...answer.trial, picture_at: isoTime(picture.wallMs) };
  }

  /** The JPEG picture that the draft was last tried on. @throws CodedError model_draft_not_found, snapshot_not_found */
  async picture(id: string): Promise<Buffer> {
    const draft = this.#find(id);
    if (draft.pictureWallMs === null) throw new CodedError("snapshot_not_found");
    return readFile(join(draft.folder, PICTURE));
  }

  /** Why no draft can become a model here, with the remedy; null where one can. */
  async cannotAdd(): Promise<string | null> {
    const { modelsDir } = this.#backend.config;
    if (this.#doctor === undefined) return "This VAS was installed without the model doctor; add the folder by hand.";
    if (modelsDir === undefined)
      return "No folder was named that models can be added to. Set VAS_MODELS_DIR to a folder that VAS may write, and name it in Core's RUTH_MODELS_DIR as well.";
    try {
      if (!(await lstat(modelsDir)).isDirectory()) return `VAS_MODELS_DIR is not a folder [${modelsDir}].`;
      await access(modelsDir, constants.W_OK | constants.X_OK);
      return null;
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException;
      return `VAS may not write VAS_MODELS_DIR [${modelsDir}, ${code}]. Make it, and give it to the user that VAS runs as.`;
    }
  }

  /**
   * Makes a model of a draft: its files in a folder of their own, model.yaml last, so that Core finds a whole model or none.
   *
   * @throws CodedError model_folder_unwritable, model_exists, model_invalid, and as examine
   */
  async add(id: string, settings: ModelDraftSettings, signal: AbortSignal): Promise<ModelAdded> {
    const draft = this.#find(id);
    const reason = await this.cannotAdd();
    const { modelsDir } = this.#backend.config;
    if (reason !== null || modelsDir === undefined)
      throw new CodedError("model_folder_unwritable", reason ?? undefined);
    const { problems, model_yaml } = await this.examine(id, settings, signal);
    const wrong = problems.find(({ severity }) => severity === "error");
    const parsed = model_yaml === null ? null : parseModelYaml(model_yaml);
    // The doctor read hostile files; what decides whether a program is run is looked at here again.
    if (wrong || parsed === null || "error" in parsed || parsed.model.model_type !== "onnx" || parsed.model.entry)
      throw new CodedError(
        "model_invalid",
        wrong ? `${wrong.where}: ${wrong.message}; ${wrong.remedy}.` : "The doctor found no model in these files.",
        { problems },
      );
    const { model_id } = parsed.model;
    if (this.#backend.core.presentModels.has(model_id) && (await findModel(this.#backend.db, model_id)))
      throw new CodedError("model_exists", `There is a model ${model_id} already; choose another id.`);
    const folder = join(modelsDir, model_id);
    try {
      await mkdir(folder, { mode: 0o755 });
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
      throw new CodedError("model_exists", `There is a folder ${model_id} already; choose another id.`);
    }
    try {
      await markAdded(folder);
      for (const name of draft.files.keys()) if (name !== YAML) await copyReadable(draft.folder, folder, name);
      await writeFile(join(folder, `.${YAML}`), model_yaml ?? "", { flag: "wx", mode: 0o644, flush: true });
      await rename(join(folder, `.${YAML}`), join(folder, YAML));
    } catch (thrown) {
      await rm(folder, { recursive: true, force: true });
      throw thrown;
    }
    this.#backend.log.info("a model was added", { model_id, folder });
    await this.remove(id);
    return { model_id, folder: model_id };
  }

  /** @throws CodedError model_draft_not_found */
  async remove(id: string): Promise<void> {
    const draft = this.#find(id);
    this.#drafts.delete(id);
    draft.ending.abort();
    await rm(draft.folder, { recursive: true, force: true });
  }

  #find(id: string): Draft {
    const draft = this.#drafts.get(id);
    if (draft === undefined) throw new CodedError("model_draft_not_found");
    draft.touchedWallMs = this.#backend.clock.wallMs();
    return draft;
  }

  async #ask(
    ask: "examine" | "try",
    draft: Draft,
    settings: ModelDraftSettings,
    signal: AbortSignal,
  ): Promise<DoctorAnswer> {
    const doctor = this.#doctor;
    if (doctor === undefined) throw new CodedError("model_examination_failed", (await this.cannotAdd()) ?? undefined);
    const both = AbortSignal.any([signal, draft.ending.signal]);
    const { folder } = draft;
    const question = { ask, folder, settings, ...(ask === "try" ? { picture: join(folder, PICTURE) } : {}) };
    const answer = await this.#slots.run(both, () => doctor.ask(question, both));
    if (!("failed" in answer)) return answer;
    const { where, message, remedy } = answer.failed;
    throw new CodedError("model_invalid", `${where}: ${message}; ${remedy}.`, { problems: [answer.failed] });
  }

  /** @returns how many bytes were written */
  async #write(
    content: Readable,
    path: string,
    { room, signal }: { room: number; signal: AbortSignal },
  ): Promise<number> {
    let size = 0;
    const counted = async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        size += chunk.length;
        if (size > room) throw tooLarge(room);
        yield chunk;
      }
    };
    await pipeline(content, counted, createWriteStream(path, { flags: "wx", mode: 0o600 }), { signal });
    return size;
  }

  async #sweep(): Promise<void> {
    const oldest = this.#backend.clock.wallMs() - DRAFT_LIFE_MS;
    for (const { id, touchedWallMs, pending } of this.#drafts.values())
      if (touchedWallMs < oldest && pending.size === 0) await this.remove(id);
  }
}

/** Core and the runtimes may be other users. */
async function copyReadable(from: string, to: string, name: string): Promise<void> {
  const path = join(to, name);
  await copyFile(join(from, name), path, constants.COPYFILE_EXCL);
  await chmod(path, 0o644);
}

function toApi(draft: Draft): ModelDraft {
  return {
    id: draft.id,
    files: [...draft.files].map(([name, size_bytes]) => ({ name, size_bytes })),
    created_at: isoTime(draft.createdWallMs),
    expires_at: isoTime(draft.touchedWallMs + DRAFT_LIFE_MS),
  };
}

function tooLarge(room: number): CodedError {
  return new CodedError("payload_too_large", `The file is too large [max:${Math.floor(room / 1024 ** 2)} MiB].`);
}

function refusalOf(name: string): string {
  const shown = JSON.stringify(name.slice(0, 100));
  if (/\.(ts|mts|js|mjs|cjs|py|sh|so|exe|wasm)$/i.test(name))
    return `${shown} is a program: programs are not taken from the web; put such a folder into the models folder by hand.`;
  if (/[/\\]|\.\./.test(name)) return `${shown} names a place, not a file: choose files that lie side by side.`;
  return `${shown} is no file of a model: take .onnx, its external weights, model.yaml, class names (.txt) and texts.`;
}
