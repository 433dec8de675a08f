/** What a probe of one stream has to say: that it runs, why it failed, or what it found. */
import type { ProbeReply } from "@vas/contracts/http.ts";
import type { ApiError } from "../api/client.ts";
import { cameraFormText as words } from "../strings/camera-form.ts";
import { Facts, Failure } from "../ui/parts.tsx";
import { Progress } from "../ui/progress.tsx";
import { probeFacts } from "./streams.ts";

export type Probe = { running: boolean; reply: ProbeReply | null; error: ApiError | null };

export const NO_PROBE: Probe = { running: false, reply: null, error: null };

/** @param props.warnings beside those of the probe itself */
export function ProbeResult(props: { probe: Probe; onCancel: () => void; picture: string; warnings?: string[] }) {
  const { running, reply, error } = props.probe;
  if (running)
    return (
      <div className="stack">
        <p>{words.probing}</p>
        <Progress label={words.probingName} value={null} />
        <button type="button" onClick={props.onCancel}>
          {words.cancel}
        </button>
      </div>
    );
  if (error) return <Failure error={error} />;
  if (!reply) return <p className="quiet">{words.probeWords}</p>;
  return (
    <div className="stack">
      {reply.picture ? (
        <img className="probe-picture" src={reply.picture} alt={props.picture} />
      ) : (
        <p className="quiet">{words.noPicture}</p>
      )}
      <Facts facts={probeFacts(reply)} />
      {[...reply.warnings, ...(props.warnings ?? [])].map((warning) => (
        <p key={warning} className="notice warn">
          {warning}
        </p>
      ))}
    </div>
  );
}
