/** A model from files: sent, explained by the doctor, corrected, tried on a camera's picture, added. */
import type { ModelExamination } from "@vas/contracts/model-drafts.ts";
import { useEffect, useRef, useState } from "react";
import type { ApiError } from "../api/client.ts";
import { useMay } from "../people/me.ts";
import { useSite } from "../site.ts";
import { addModelText } from "../strings/add-model.ts";
import { bytes } from "../ui/format.ts";
import { navigate, useLoad, useTitle } from "../ui/hooks.ts";
import { Failure, Link, Loading } from "../ui/parts.tsx";
import { Progress } from "../ui/progress.tsx";
import { useToast } from "../ui/toast.tsx";
import { DraftSettings } from "./DraftSettings.tsx";
import { chosenFiles, editedSettings, formErrors, formOf, problemsBy, refilled, type SettingsForm } from "./draft.ts";
import { Explanation } from "./Explanation.tsx";
import { FileDrop } from "./FileDrop.tsx";
import { Trial } from "./Trial.tsx";
import { sendFile } from "./upload.ts";
import "./add-model.css";

/** While a person types, the doctor is not asked. */
const SETTLED_MS = 700;
const DEFAULT_MAX_BYTES = 1024 ** 3;

type Sending = { name: string; sentBytes: number; allBytes: number };
/** `before` is the form as the doctor filled it at first: what differs from it was a person. */
type Draft = { id: string; examination: ModelExamination; before: SettingsForm; form: SettingsForm };

export function AddModelPage() {
  useTitle(addModelText.title);
  const { vas } = useSite();
  const toast = useToast();
  const mayAdd = useMay("administer");
  const site = useLoad("model drafts", () => vas.modelDrafts());
  const [leftOut, setLeftOut] = useState<string[]>([]);
  const [sending, setSending] = useState<Sending | null>(null);
  const [looking, setLooking] = useState(false);
  const [draft, setDraft] = useState<Draft | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [adding, setAdding] = useState(false);
  const work = useRef<AbortController | null>(null);
  const draftId = useRef<string | null>(null);

  const dropDraft = () => {
    work.current?.abort();
    if (draftId.current !== null) void vas.removeModelDraft(draftId.current);
    draftId.current = null;
  };
  const drop = useRef(dropDraft);
  drop.current = dropDraft;
  // A page that is left takes its draft with it.
  useEffect(() => () => drop.current(), []);

  const start = async (all: File[]) => {
    dropDraft();
    const abort = new AbortController();
    work.current = abort;
    setDraft(null);
    setError(null);
    const chosen = chosenFiles(all);
    setLeftOut(chosen.leftOut);
    if (chosen.files.length === 0)
      return setError({ code: "no_files", message: addModelText.noFiles, status: 0, requestId: null });
    const failed = await send(chosen.files, abort.signal);
    setSending(null);
    setLooking(false);
    if (!abort.signal.aborted) setError(failed);
  };

  const send = async (files: File[], signal: AbortSignal): Promise<ApiError | null> => {
    const made = await vas.createModelDraft();
    if (!made.ok) return made.error;
    const { id } = made.value;
    draftId.current = id;
    const allBytes = files.reduce((sum, { size }) => sum + size, 0);
    let before = 0;
    for (const file of files) {
      const show = (sent: number) => setSending({ name: file.name, sentBytes: before + sent, allBytes });
      show(0);
      const sent = await sendFile(id, file, { onProgress: show, signal });
      if (!sent.ok) return sent.error;
      before += file.size;
    }
    setSending(null);
    setLooking(true);
    const examined = await vas.examineModelDraft(id, {}, signal);
    if (!examined.ok) return examined.error;
    const form = formOf(examined.value.settings);
    setDraft({ id, examination: examined.value, before: form, form });
    return null;
  };

  const errors = draft && draft.examination.model_yaml_by === "doctor" ? formErrors(draft.form) : {};
  const settings = draft ? editedSettings(draft.form, draft.before) : {};
  const asked = JSON.stringify(settings);
  const examined = useRef("{}");
  useEffect(() => {
    if (!draft || asked === examined.current || Object.keys(errors).length > 0) return undefined;
    const abort = new AbortController();
    const timer = setTimeout(async () => {
      setLooking(true);
      const outcome = await vas.examineModelDraft(draft.id, settings, abort.signal);
      if (abort.signal.aborted) return;
      setLooking(false);
      if (!outcome.ok) return setError(outcome.error);
      examined.current = asked;
      setError(null);
      setDraft(
        (old) => old && { ...old, examination: outcome.value, ...refilled(old, formOf(outcome.value.settings)) },
      );
    }, SETTLED_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
      setLooking(false);
    };
    // What is asked is what a person changed; the rest follows from it.
  }, [asked, draft?.id]);

  const add = async () => {
    if (!draft) return;
    setAdding(true);
    const outcome = await vas.addModelDraft(draft.id, settings);
    setAdding(false);
    if (!outcome.ok) return setError(outcome.error);
    draftId.current = null;
    const { model_id } = outcome.value;
    toast({ words: addModelText.added(draft.form.name || model_id) });
    navigate(`/models?${new URLSearchParams({ added: model_id })}`);
  };

  const cannotAdd = site.value?.cannot_add ?? null;
  const isReady =
    draft !== null && problemsBy(draft.examination).errors.length === 0 && Object.keys(errors).length === 0;
  const isIdle = sending === null && !looking && draft === null;
  return (
    <div className="add-model stack">
      <div className="toolbar">
        <h1>{addModelText.title}</h1>
        <Link to="/models" className="button plain">
          {addModelText.back}
        </Link>
      </div>
      <p className="quiet">{addModelText.intro}</p>
      {cannotAdd && (
        <div className="notice warn">
          <span>
            {addModelText.cannotAdd} {cannotAdd}
          </span>
        </div>
      )}
      <Failure error={site.error} retry={site.reload} />
      {isIdle && mayAdd && (
        <FileDrop maxBytes={site.value?.max_file_bytes ?? DEFAULT_MAX_BYTES} onFiles={(files) => void start(files)} />
      )}
      {leftOut.length > 0 && <p className="quiet">{addModelText.leftOut(leftOut.slice(0, 8).join(", "))}</p>}
      {sending && (
        <div className="panel stack">
          <Progress
            label={addModelText.sending(sending.name)}
            value={sending.sentBytes / Math.max(1, sending.allBytes)}
            words={`${addModelText.sending(sending.name)}: ${addModelText.sendingPart(bytes(sending.sentBytes), bytes(sending.allBytes))}`}
          />
          <button type="button" onClick={dropDraft}>
            {addModelText.cancel}
          </button>
        </div>
      )}
      {looking && draft === null && <Loading what={addModelText.examining} />}
      <Failure error={error} />
      {draft && (
        <>
          <div className="add-model-columns">
            <div className="stack">
              <Explanation examination={draft.examination} />
              <Trial draftId={draft.id} settings={settings} ready={isReady && !looking} />
            </div>
            <DraftSettings
              examination={draft.examination}
              form={draft.form}
              errors={errors}
              onChange={(form) => setDraft({ ...draft, form })}
            />
          </div>
          <div className="add-model-end">
            <button
              type="button"
              className="primary"
              disabled={!isReady || looking || adding || cannotAdd !== null}
              aria-busy={adding}
              onClick={() => void add()}
            >
              {adding ? addModelText.adding : addModelText.add}
            </button>
            <button
              type="button"
              onClick={() => {
                dropDraft();
                setDraft(null);
                setError(null);
                setLeftOut([]);
              }}
            >
              {addModelText.others}
            </button>
            <span className="quiet" role="status">
              {looking ? addModelText.examiningAgain : addModelText.addWords}
            </span>
          </div>
        </>
      )}
    </div>
  );
}
