/** Whether the one who asked is still there. */
import type { FastifyReply } from "fastify";

/**
 * Aborts when the connection closes before the answer is out. Fastify's own `request.signal` is no such thing: Node ends
 * the request as soon as its body is read, and the signal with it.
 */
export function callerGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
}
