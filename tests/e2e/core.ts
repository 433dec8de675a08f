/** What Ruth Core says to VAS, said by a test. */
import { once } from "node:events";
import { WebSocket } from "ws";

/** @returns a connection to `ai-results` that answers each message with VAS's `ack` or `nack` */
export async function connectAsCore(url: string, serviceKey: string) {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/api/v1/ai-results`, {
    headers: { authorization: `Bearer ${serviceKey}` },
  });
  await once(socket, "open");
  let id = 0;
  return {
    close: () => socket.close(),
    /** @param fields JSON of the message's fields besides its id, without the braces, whatever it is */
    async say(fields: string): Promise<object> {
      id += 1;
      const answer = once(socket, "message");
      socket.send(`{"id":${id},${fields}}`);
      return JSON.parse(String((await answer)[0])) as object;
    },
  };
}
