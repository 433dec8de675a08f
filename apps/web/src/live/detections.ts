/** Asks VAS for one camera's results, again after every reconnect, until stopped. */
import type { Result } from "@vas/contracts/live.ts";
import type { LiveConnection, LiveError } from "./connection.ts";

type Connection = Pick<LiveConnection, "request" | "onNotice" | "onState" | "state">;

/**
 * @param onResult every result of the camera from now on
 * @param onError why VAS sends none; null once it does
 * @returns stops it, and tells VAS so
 */
export function followDetections(
  connection: Connection,
  cameraId: string,
  onResult: (result: Result) => void,
  onError: (error: LiveError | null) => void,
): () => void {
  let stopped = false;
  const ask = async (): Promise<void> => {
    if (connection.state !== "open") return;
    const reply = await connection.request("detections", { camera_id: cameraId, on: true });
    if (!stopped) onError(reply.ok ? null : reply.error);
  };
  const stopNotices = connection.onNotice((notice) => {
    if (notice.notice === "result" && notice.result.camera_id === cameraId) onResult(notice.result);
  });
  const stopStates = connection.onState(() => void ask());
  void ask();
  return () => {
    stopped = true;
    stopNotices();
    stopStates();
    if (connection.state === "open") void connection.request("detections", { camera_id: cameraId, on: false });
  };
}
