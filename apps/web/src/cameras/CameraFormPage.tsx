import type { Camera, ProbeReply } from "@vas/contracts/http.ts";
import { type FormEvent, useEffect, useRef, useState } from "react";
import type { ApiError } from "../api/client.ts";
import { useCamera, useCameras, useSite } from "../site.ts";
import { navigate, useTitle } from "../ui/hooks.ts";
import { Empty, Facts, Failure, Field, Link, Loading, Switch } from "../ui/parts.tsx";
import { checkForm, createOf, type FormErrors, formOf, patchOf, probeFacts, probeOf } from "./form.ts";

export function CameraFormPage(props: { id: string | null }) {
  const { cameras } = useSite();
  const { error } = useCameras();
  const camera = useCamera(props.id ?? "");
  useTitle(props.id === null ? "Add a camera" : "Edit a camera");
  if (props.id === null) return <CameraEditor camera={null} />;
  if (camera === undefined)
    return error ? <Failure error={error} retry={() => void cameras.reload()} /> : <Loading what="the camera" />;
  if (camera === null) return <Empty title="There is no such camera" page />;
  return <CameraEditor key={camera.id} camera={camera} />;
}

type Probe = { running: boolean; reply: ProbeReply | null; error: ApiError | null };

function CameraEditor(props: { camera: Camera | null }) {
  const { camera } = props;
  const { vas, cameras } = useSite();
  const [form, setForm] = useState(() => formOf(camera));
  const [errors, setErrors] = useState<FormErrors>({});
  const [probe, setProbe] = useState<Probe>({ running: false, reply: null, error: null });
  const [saving, setSaving] = useState(false);
  const [failed, setFailed] = useState<ApiError | null>(null);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  const set = (change: Partial<typeof form>) => {
    setForm({ ...form, ...change });
    setErrors({});
  };

  const runProbe = async () => {
    const { address } = checkForm(form);
    if (address) {
      setErrors({ address });
      return;
    }
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    setProbe({ running: true, reply: null, error: null });
    const outcome = await vas.probe(probeOf(form, camera), controller.signal);
    if (controller.signal.aborted) return;
    setProbe({ running: false, reply: outcome.ok ? outcome.value : null, error: outcome.ok ? null : outcome.error });
  };

  const cancelProbe = () => {
    running.current?.abort();
    setProbe({ running: false, reply: null, error: null });
  };

  const save = async (event: FormEvent) => {
    event.preventDefault();
    const found = checkForm(form);
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

  return (
    <section aria-label={camera ? `Edit ${camera.name}` : "Add a camera"}>
      <div className="toolbar">
        <h1>{camera ? `Edit ${camera.name}` : "Add a camera"}</h1>
      </div>
      <div className="split even">
        <form className="panel form" onSubmit={(event) => void save(event)} noValidate>
          <Field
            label="Address"
            hint="As the camera's manual says, such as rtsp://192.168.1.20:554/stream1"
            error={errors.address}
          >
            <input
              type="url"
              value={form.address}
              spellCheck={false}
              autoComplete="off"
              onChange={(event) => set({ address: event.target.value })}
            />
          </Field>
          <Field label="Name" error={errors.name}>
            <input
              type="text"
              value={form.name}
              maxLength={128}
              onChange={(event) => set({ name: event.target.value })}
            />
          </Field>
          <div className="pair">
            <Field label="User">
              <input
                type="text"
                value={form.username}
                autoComplete="off"
                onChange={(event) => set({ username: event.target.value })}
              />
            </Field>
            <Field label="Password">
              <input
                type="password"
                value={form.password}
                autoComplete="new-password"
                placeholder={camera?.has_password ? "unchanged" : ""}
                onChange={(event) => set({ password: event.target.value })}
              />
            </Field>
          </div>
          <Switch label="Record this camera" checked={form.record} onChange={(record) => set({ record })} />
          <Field
            label="Keep recordings for (days)"
            hint="Empty keeps them until the disk needs room."
            error={errors.retention}
          >
            <input
              type="text"
              inputMode="decimal"
              value={form.retention}
              onChange={(event) => set({ retention: event.target.value })}
            />
          </Field>
          <Switch
            label="Give its frames to models"
            checked={form.exportFrames}
            onChange={(exportFrames) => set({ exportFrames })}
          />
          {form.exportFrames && (
            <div className="pair">
              <Field label="At most (frames a second)" hint="Empty gives every frame." error={errors.exportFps}>
                <input
                  type="text"
                  inputMode="decimal"
                  value={form.exportFps}
                  onChange={(event) => set({ exportFps: event.target.value })}
                />
              </Field>
              <Field label="Scaled to (pixels high)" hint="Empty keeps the camera's size." error={errors.exportHeight}>
                <input
                  type="text"
                  inputMode="numeric"
                  value={form.exportHeight}
                  onChange={(event) => set({ exportHeight: event.target.value })}
                />
              </Field>
            </div>
          )}
          <Failure error={failed} />
          <div className="row wrap">
            <button type="button" onClick={() => void runProbe()} disabled={probe.running}>
              Probe
            </button>
            <button type="submit" className="primary" disabled={saving}>
              {saving ? "Saving…" : "Save"}
            </button>
            <Link to={camera ? `/cameras/${camera.id}` : "/"} className="button plain">
              Cancel
            </Link>
          </div>
        </form>
        <section className="panel" aria-label="Probe" aria-live="polite">
          <h2>Probe</h2>
          <ProbeResult probe={probe} onCancel={cancelProbe} />
        </section>
      </div>
    </section>
  );
}

function ProbeResult(props: { probe: Probe; onCancel: () => void }) {
  const { running, reply, error } = props.probe;
  if (running)
    return (
      <div className="stack">
        <p>Connecting to the camera and reading a few seconds of its stream. This takes up to 15 s.</p>
        <progress aria-label="Probing" />
        <button type="button" onClick={props.onCancel}>
          Cancel
        </button>
      </div>
    );
  if (error) return <Failure error={error} />;
  if (!reply) return <p className="quiet">Probe tries the address and shows a picture, before anything is saved.</p>;
  return (
    <div className="stack">
      {reply.picture ? (
        <img className="probe-picture" src={reply.picture} alt="What the camera sees now" />
      ) : (
        <p className="quiet">The stream answers, but no picture could be made.</p>
      )}
      <Facts facts={probeFacts(reply)} />
      {reply.warnings.map((warning) => (
        <p key={warning} className="notice warn">
          {warning}
        </p>
      ))}
    </div>
  );
}
