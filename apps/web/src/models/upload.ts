/** Files and questions of a draft. A file is sent by XMLHttpRequest: fetch does not tell how far it has come. */
import type { ErrorBody } from "@vas/contracts/errors.ts";
import type {
  ModelAdded,
  ModelDraft,
  ModelDraftList,
  ModelDraftSettings,
  ModelExamination,
  ModelTrial,
} from "@vas/contracts/model-drafts.ts";
import type { Client, Outcome } from "../api/client.ts";

const PATH = "ai-model-drafts";

export function draftRoutes(call: Client) {
  const post = <T>(path: string, body: unknown, signal?: AbortSignal) =>
    call<T>(path, { method: "POST", body, ...(signal ? { signal } : {}) });
  return {
    modelDrafts: () => call<ModelDraftList>(PATH),
    createModelDraft: () => call<ModelDraft>(PATH, { method: "POST" }),
    removeModelDraft: (id: string) => call<void>(`${PATH}/${id}`, { method: "DELETE" }),
    examineModelDraft: (id: string, settings: ModelDraftSettings, signal: AbortSignal) =>
      post<ModelExamination>(`${PATH}/${id}/examine`, settings, signal),
    tryModelDraft: (id: string, cameraId: string, settings: ModelDraftSettings) =>
      post<ModelTrial>(`${PATH}/${id}/try`, { camera_id: cameraId, settings }),
    addModelDraft: (id: string, settings: ModelDraftSettings) => post<ModelAdded>(`${PATH}/${id}/add`, settings),
  };
}

/** @param turn makes the address of each trial's picture another */
export function pictureAddress(id: string, turn: number): string {
  return `/api/v1/${PATH}/${id}/picture?${turn}`;
}

export function sendFile(
  id: string,
  file: File,
  { onProgress, signal }: { onProgress: (sentBytes: number) => void; signal: AbortSignal },
): Promise<Outcome<ModelDraft>> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const fail = (code: string, message: string, status = 0, requestId: string | null = null) =>
      resolve({ ok: false, error: { code, message, status, requestId } });
    const abort = () => request.abort();
    request.open("PUT", `/api/v1/${PATH}/${id}/files/${encodeURIComponent(file.name)}`);
    request.setRequestHeader("content-type", "application/octet-stream");
    request.responseType = "json";
    request.upload.addEventListener("progress", ({ loaded }) => onProgress(loaded));
    request.addEventListener("load", () => {
      const { status } = request;
      if (status === 200) return resolve({ ok: true, value: request.response as ModelDraft });
      const told = request.response as ErrorBody | null;
      if (told?.error === undefined) return fail("unreadable", `VAS answered with status ${status}.`, status);
      fail(told.error.code, told.error.message, status, told.request_id);
    });
    request.addEventListener("error", () =>
      fail("unreachable", "The connection to VAS broke while the file was sent."),
    );
    request.addEventListener("abort", () => fail("aborted", "Cancelled."));
    request.addEventListener("loadend", () => signal.removeEventListener("abort", abort));
    signal.addEventListener("abort", abort, { once: true });
    request.send(file);
  });
}
