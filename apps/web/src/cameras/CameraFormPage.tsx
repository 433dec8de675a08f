import type { Camera, ProbeReply, StreamRole } from "@vas/contracts/http.ts";
import { type FormEvent, useEffect, useRef, useState } from "react";
import type { ApiError } from "../api/client.ts";
import { useCamera, useCameras, useSite } from "../site.ts";
import { cameraFormText as words } from "../strings/camera-form.ts";
import { navigate, useTitle } from "../ui/hooks.ts";
import { Empty, Failure, Field, Link, Loading, Switch } from "../ui/parts.tsx";
import { type CameraForm, checkForm, createOf, type FormErrors, formOf, patchOf, probeOf } from "./form.ts";
import { NO_PROBE, type Probe, ProbeResult } from "./ProbeResult.tsx";
import { storageWords, subWarnings } from "./streams.ts";
import { TestCamera } from "./TestCamera.tsx";
import "./camera-form.css";

export function CameraFormPage(props: { id: string | null }) {
  const { cameras } = useSite();
  const { error } = useCameras();
  const camera = useCamera(props.id ?? "");
  useTitle(props.id === null ? words.addTitle : words.pageTitle);
  if (props.id === null) return <CameraEditor camera={null} />;
  if (camera === undefined)
    return error ? <Failure error={error} retry={() => void cameras.reload()} /> : <Loading what={words.theCamera} />;
  if (camera === null) return <Empty title={words.noSuchCamera} page />;
  return <CameraEditor key={camera.id} camera={camera} />;
}

type Set = (change: Partial<CameraForm>) => void;
type Part = { form: CameraForm; errors: FormErrors; set: Set };

function CameraEditor(props: { camera: Camera | null }) {
  const { camera } = props;
  const isTest = camera?.source === "test";
  const { vas, cameras } = useSite();
  const [form, setForm] = useState(() => formOf(camera));
  const [errors, setErrors] = useState<FormErrors>({});
  const [saving, setSaving] = useState(false);
  const [failed, setFailed] = useState<ApiError | null>(null);
  const main = useProbe();
  const sub = useProbe();

  const set: Set = (change) => {
    setForm({ ...form, ...change });
    setErrors({});
  };
  const probe = (stream: StreamRole) => {
    const field = stream === "main" ? "address" : "subAddress";
    const wrong = checkForm(form)[field];
    if (wrong) return setErrors({ [field]: wrong });
    const running = stream === "main" ? main : sub;
    running.run((signal) => vas.probe(probeOf(form, camera, stream), signal));
  };

  const save = async (event: FormEvent) => {
    event.preventDefault();
    const found = checkForm(form, isTest);
    setErrors(found);
    if (Object.keys(found).length > 0) return;
    setSaving(true);
    setFailed(null);
    const patch = camera ? patchOf(camera, form) : null;
    if (camera && patch === null) {
      navigate(`/cameras/${camera.id}`);
      return;
    }
    const outcome = camera && patch ? await vas.patchCamera(camera.id, patch) : await vas.createCamera(createOf(form));
    setSaving(false);
    if (!outcome.ok) {
      setFailed(outcome.error);
      return;
    }
    await cameras.reload();
    navigate(`/cameras/${outcome.value.id}`);
  };

  const part = { form, errors, set };
  const measured = main.probe.reply?.bitrate_kbps ?? camera?.status.bitrate_kbps;
  return (
    <section aria-label={camera ? words.editTitle(camera.name) : words.addTitle}>
      <div className="toolbar">
        <h1>{camera ? words.editTitle(camera.name) : words.addTitle}</h1>
      </div>
      <form className="camera-form" onSubmit={(event) => void save(event)} noValidate>
        {isTest ? (
          <section className="panel form">
            <h2>{words.testTitle}</h2>
            <p className="quiet">{words.testWords}</p>
          </section>
        ) : (
          <>
            <div className="split even">
              <MainStream {...part} hasPassword={camera?.has_password ?? false} onProbe={() => probe("main")} />
              <section className="panel" aria-label={words.probe} aria-live="polite">
                <h2>{words.probe}</h2>
                <ProbeResult probe={main.probe} onCancel={main.cancel} picture={words.pictureNow} />
              </section>
            </div>
            <div className="split even">
              <SubStream {...part} onProbe={() => probe("sub")} />
              {form.hasSub && (
                <section className="panel" aria-label={words.probeSubName} aria-live="polite">
                  <h2>{words.probeSubName}</h2>
                  <ProbeResult
                    probe={sub.probe}
                    onCancel={sub.cancel}
                    picture={words.subPictureNow}
                    warnings={sub.probe.reply ? subWarnings(sub.probe.reply, main.probe.reply) : []}
                  />
                </section>
              )}
            </div>
          </>
        )}
        <div className="split even">
          <Recording {...part} kbps={measured} />
          <Models {...part} hasSub={form.hasSub || isTest} />
        </div>
        <Failure error={failed} />
        <div className="row wrap">
          <button type="submit" className="primary" disabled={saving}>
            {saving ? words.saving : words.save}
          </button>
          <Link to={camera ? `/cameras/${camera.id}` : "/"} className="button plain">
            {words.cancel}
          </Link>
        </div>
      </form>
      {!camera && <TestCamera />}
    </section>
  );
}

/** A probe that runs, was cancelled, or answered; it ends with the page. */
function useProbe() {
  const { vas } = useSite();
  const [probe, setProbe] = useState<Probe>(NO_PROBE);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  const run = (ask: (signal: AbortSignal) => ReturnType<typeof vas.probe>) => {
    running.current?.abort();
    const { signal } = (running.current = new AbortController());
    setProbe({ ...NO_PROBE, running: true });
    void ask(signal).then((outcome) => {
      if (signal.aborted) return;
      const reply: ProbeReply | null = outcome.ok ? outcome.value : null;
      setProbe({ running: false, reply, error: outcome.ok ? null : outcome.error });
    });
  };
  const cancel = () => {
    running.current?.abort();
    setProbe(NO_PROBE);
  };
  return { probe, run, cancel };
}

function MainStream(props: Part & { hasPassword: boolean; onProbe: () => void }) {
  const { form, errors, set } = props;
  return (
    <section className="panel form">
      <h2>{words.main}</h2>
      <p className="quiet">{words.mainWords}</p>
      <Field label={words.address} hint={words.addressHint} error={errors.address}>
        <input
          type="url"
          value={form.address}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => set({ address: event.target.value })}
        />
      </Field>
      <div className="pair">
        <Field label={words.user}>
          <input
            type="text"
            value={form.username}
            autoComplete="off"
            onChange={(event) => set({ username: event.target.value })}
          />
        </Field>
        <Field label={words.password}>
          <input
            type="password"
            value={form.password}
            autoComplete="new-password"
            placeholder={props.hasPassword ? words.unchanged : ""}
            onChange={(event) => set({ password: event.target.value })}
          />
        </Field>
      </div>
      <div className="row">
        <button type="button" onClick={props.onProbe}>
          {words.probe}
        </button>
      </div>
    </section>
  );
}

function SubStream(props: Part & { onProbe: () => void }) {
  const { form, errors, set } = props;
  return (
    <section className="panel form">
      <h2>{words.sub}</h2>
      <p className="quiet">{words.subWords}</p>
      <Switch label={words.hasSub} checked={form.hasSub} onChange={(hasSub) => set({ hasSub })} />
      {form.hasSub && (
        <>
          <Field label={words.subAddress} hint={words.subAddressHint} error={errors.subAddress}>
            <input
              type="url"
              value={form.subAddress}
              spellCheck={false}
              autoComplete="off"
              onChange={(event) => set({ subAddress: event.target.value })}
            />
          </Field>
          <div className="row">
            <button type="button" onClick={props.onProbe}>
              {words.probeSub}
            </button>
          </div>
        </>
      )}
    </section>
  );
}

function Recording(props: Part & { kbps: number | null | undefined }) {
  const { form, errors, set } = props;
  const storage = form.record ? storageWords(props.kbps, form.retention) : null;
  return (
    <section className="panel form">
      <h2>{words.recording}</h2>
      <Field label={words.name} error={errors.name}>
        <input type="text" value={form.name} maxLength={128} onChange={(event) => set({ name: event.target.value })} />
      </Field>
      <Switch label={words.record} checked={form.record} onChange={(record) => set({ record })} />
      <Field label={words.keepDays} hint={words.keepHint} error={errors.retention}>
        <input
          type="text"
          inputMode="decimal"
          value={form.retention}
          onChange={(event) => set({ retention: event.target.value })}
        />
      </Field>
      {storage && <p className="quiet">{storage}</p>}
    </section>
  );
}

function Models(props: Part & { hasSub: boolean }) {
  const { form, errors, set } = props;
  return (
    <section className="panel form">
      <h2>{words.models}</h2>
      <Switch
        label={words.exportFrames}
        checked={form.exportFrames}
        onChange={(exportFrames) => set({ exportFrames })}
      />
      {form.exportFrames && (
        <>
          {props.hasSub && (
            <Field label={words.exportStream}>
              <select
                value={form.exportStream}
                onChange={(event) => set({ exportStream: event.target.value === "sub" ? "sub" : "main" })}
              >
                <option value="main">{words.exportMain}</option>
                <option value="sub">{words.exportSub}</option>
              </select>
            </Field>
          )}
          <div className="pair">
            <Field label={words.exportFps} hint={words.exportFpsHint} error={errors.exportFps}>
              <input
                type="text"
                inputMode="decimal"
                value={form.exportFps}
                onChange={(event) => set({ exportFps: event.target.value })}
              />
            </Field>
            <Field label={words.exportHeight} hint={words.exportHeightHint} error={errors.exportHeight}>
              <input
                type="text"
                inputMode="numeric"
                value={form.exportHeight}
                onChange={(event) => set({ exportHeight: event.target.value })}
              />
            </Field>
          </div>
        </>
      )}
    </section>
  );
}
