/** The picture of a live camera, through VAS's API. */

const TIMEOUT_MS = 30_000;
const MAX_BYTES = 32 * 1024 * 1024;

/**
 * Takes a snapshot, fetches it, and removes it again.
 *
 * @param key an API key that may operate the camera
 * @returns a JPEG picture
 * @throws Error with VAS's own code and message
 */
export async function pictureOfCamera(url: string, cameraId: string, key: string): Promise<Uint8Array> {
  const ask = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(new URL(`/api/v1/${path}`, url), {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (response.ok) return response;
    const { error } = (await response.json().catch(() => ({}))) as { error?: { code?: string; message?: string } };
    throw new Error(`VAS refused ${method} ${path} [${response.status} ${error?.code ?? ""}]: ${error?.message ?? ""}`);
  };
  const camera = encodeURIComponent(cameraId);
  const { id } = (await (await ask("POST", `cameras/${camera}/snapshots`, {})).json()) as { id: string };
  try {
    const response = await ask("GET", `snapshots/${id}/image`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (bytes.length > MAX_BYTES) throw new Error(`the picture is too large [max:${MAX_BYTES}, found:${bytes.length}]`);
    return bytes;
  } finally {
    await ask("DELETE", `snapshots/${id}`);
  }
}
