/** Whether a peer has closed its socket altogether, or only said that it sends nothing more. */
import type { Socket } from "node:net";
import { load, struct } from "koffi";

const POLLHUP = 0x10;

const libc = load(null);
struct("PollFd", { fd: "int", events: "short", revents: "short" });
const poll = libc.func("int poll(_Inout_ PollFd *fds, unsigned long count, int timeoutMs)");

/**
 * Both look the same to node:net (its "end"), but nobody will read a reply in the first case and somebody waits for it
 * in the second. poll(2) tells them apart on a Unix socket: POLLHUP is set only once both directions are shut.
 *
 * @returns true as well where the descriptor cannot be had, which is to be taken for gone
 */
export function hasHungUp(socket: Socket): boolean {
  const handle = Reflect.get(socket, "_handle") as { fd?: number } | null | undefined;
  const fd = handle?.fd;
  if (fd === undefined || fd < 0) return true;
  const asked = [{ fd, events: 0, revents: 0 }];
  return poll(asked, 1, 0) < 0 || ((asked[0]?.revents ?? 0) & POLLHUP) !== 0;
}
