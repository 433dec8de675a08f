"""W2 as a runtime serves it: one Unix socket, many connections, one request at a time.

Each connection has at most one request in the queue; the next one joins at the end when its predecessor was answered. So
requests are served in the order of their arrival, and no connection can crowd the others out. One thread does it all: the
handler never runs beside itself.
"""

import collections
import os
import select
import selectors
import socket
import stat
import struct
import time

from . import log
from .contract import MAX_REQUEST_BYTES

MAX_CONNECTIONS = 256
#: Unanswered requests of one connection before it is no longer read.
MAX_WAITING = 8
#: Bytes of unanswered and unfinished requests, over all connections.
MAX_BUFFERED_BYTES = 64 * 1024 * 1024
MAX_SOCKET_PATH_BYTES = 107
SWEEP_SECONDS = 5
#: What replies may take to leave when the server ends.
FLUSH_SECONDS = 1
READ_BYTES = 256 * 1024


class _Connection:
    def __init__(self, sock):
        self.sock = sock
        self.unread = bytearray()
        self.waiting = collections.deque()
        self.unsent = bytearray()
        #: Bytes that arrived and belong to no answered request.
        self.held = 0
        self.queued = self.ended = self.closing = self.closed = False
        #: What is said after the last whole request was answered, before the connection is closed.
        self.broken = None


class Server:
    def __init__(self, path, answerer, frames, process):
        self._path = path
        self._answerer = answerer
        self._frames = frames
        self._process = process
        self._selector = selectors.DefaultSelector()
        self._connections = set()
        self._queue = collections.deque()
        self._held = 0
        self._stop = None
        self._wake, self._woken = socket.socketpair()
        self._started = time.monotonic()
        self._requests = self._errors = self._untold = 0
        self._average_ms = 0.0
        self._told = -1.0

    def listen(self):
        """Takes the socket. Raises OSError where another process answers on it, or it cannot be made."""
        _clear(self._path)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # The socket never exists with wider permissions than these.
        before = os.umask(0o177)
        try:
            self._listener.bind(self._path)
        finally:
            os.umask(before)
        self._listener.listen(MAX_CONNECTIONS)
        self._listener.setblocking(False)
        self._woken.setblocking(False)
        self._wake.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._selector.register(self._woken, selectors.EVENT_READ, self._drain_wake)

    def wake_fd(self):
        """For signal.set_wakeup_fd: a byte in it ends the waiting."""
        return self._wake.fileno()

    def stop_with(self, file, reason):
        """Ends the server when the file ends."""
        self._selector.register(file, selectors.EVENT_READ, lambda: self._read_until_end(file, reason))

    def stop(self, reason):
        """Asks for the end; safe in a signal's handler."""
        self._stop = self._stop or reason

    def metrics(self):
        return {
            "total_requests": self._requests,
            "total_errors": self._errors,
            "avg_latency_ms": round(self._average_ms, 3),
            "uptime_seconds": round(time.monotonic() - self._started),
        }

    def serve(self):
        """Serves until it is asked to stop; returns the reason. What is being served then is finished."""
        swept = time.monotonic()
        while self._stop is None:
            self._poll(0 if self._queue else max(0, swept + SWEEP_SECONDS - time.monotonic()))
            if self._queue and self._stop is None:
                self._answer(self._queue.popleft())
            if time.monotonic() - swept >= SWEEP_SECONDS:
                self._frames.sweep()
                swept = time.monotonic()
        return self._stop

    def close(self):
        """Lets the last replies leave and removes the socket."""
        self._selector.unregister(self._listener)
        self._listener.close()
        os.unlink(self._path)
        deadline = time.monotonic() + FLUSH_SECONDS
        for connection in list(self._connections):
            self._end(connection)
        while self._connections and time.monotonic() < deadline:
            self._poll(max(0, deadline - time.monotonic()))
        for connection in list(self._connections):
            self._destroy(connection)
        self._frames.close()

    def _poll(self, timeout):
        for key, _ in self._selector.select(timeout):
            key.data()

    def _drain_wake(self):
        try:
            while self._woken.recv(4096):
                pass
        except BlockingIOError:
            pass

    def _read_until_end(self, file, reason):
        try:
            ended = os.read(file.fileno(), 4096) == b""
        except OSError:
            ended = True
        if ended:
            self._selector.unregister(file)
            self.stop(reason)

    def _accept(self):
        try:
            sock, _ = self._listener.accept()
        except OSError:
            return
        if len(self._connections) >= MAX_CONNECTIONS:
            sock.close()
            return
        sock.setblocking(False)
        connection = _Connection(sock)
        self._connections.add(connection)
        self._watch(connection)

    def _watch(self, connection):
        """Listens for what the connection waits for now."""
        if connection.closed:
            return
        paused = connection.ended or connection.closing or connection.broken or connection.unsent
        reads = not paused and len(connection.waiting) < MAX_WAITING
        events = (selectors.EVENT_READ if reads else 0) | (selectors.EVENT_WRITE if connection.unsent else 0)
        key = self._selector.get_map().get(connection.sock.fileno())
        if events == 0:
            if key is not None:
                self._selector.unregister(connection.sock)
        elif key is None:
            self._selector.register(connection.sock, events, lambda: self._ready(connection))
        elif key.events != events:
            self._selector.modify(connection.sock, events, key.data)

    def _ready(self, connection):
        if connection.unsent:
            self._send(connection)
        elif not connection.closed:
            self._read(connection)
        self._schedule(connection)

    def _read(self, connection):
        try:
            chunk = connection.sock.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            self._destroy(connection)
            return
        if chunk == b"":
            connection.ended = True
            # A caller that waited too long closes: what it asked for has lost its reader.
            if _has_hung_up(connection.sock):
                self._destroy(connection)
            return
        self._hold(connection, len(chunk))
        connection.unread += chunk
        at = 0
        while len(connection.unread) - at >= 4:
            (length,) = struct.unpack_from(">I", connection.unread, at)
            if length == 0 or length > MAX_REQUEST_BYTES:
                text = f"message length out of range [max:{MAX_REQUEST_BYTES}, found:{length}]"
                connection.broken = ("protocol", text)
                break
            if len(connection.unread) - at < 4 + length:
                break
            connection.waiting.append(bytes(connection.unread[at + 4 : at + 4 + length]))
            at += 4 + length
        del connection.unread[:at]
        if self._held > MAX_BUFFERED_BYTES and connection.broken is None:
            connection.broken = ("overloaded", f"too much is waiting [max:{MAX_BUFFERED_BYTES}]")

    def _schedule(self, connection):
        """Puts a connection's next request into the queue, where it has one and its last reply has left."""
        if connection.closed or connection.queued:
            return
        if connection.unsent:
            self._watch(connection)
            return
        if connection.closing:
            self._destroy(connection)
            return
        if connection.waiting:
            connection.queued = True
            self._queue.append(connection)
        else:
            if connection.ended and connection.held > 0 and connection.broken is None:
                connection.broken = ("protocol", "the caller's stream ended inside a message")
            if connection.broken is not None:
                data, error, _ = self._answerer.error("", 0, *connection.broken)
                self._count(error, None, 0)
                connection.unsent += struct.pack(">I", len(data)) + data
                self._end(connection)
                self._send(connection)
            elif connection.ended:
                self._destroy(connection)
        self._watch(connection)

    def _answer(self, connection):
        connection.queued = False
        if connection.closed or not connection.waiting:
            return
        if _has_hung_up(connection.sock):
            self._destroy(connection)
            return
        message = connection.waiting.popleft()
        start = time.perf_counter()
        data, error, failure = self._answerer.answer(message)
        self._count(error, failure, (time.perf_counter() - start) * 1000)
        self._hold(connection, -(len(message) + 4))
        connection.unsent += struct.pack(">I", len(data)) + data
        self._send(connection)
        self._schedule(connection)

    def _send(self, connection):
        try:
            while connection.unsent:
                sent = connection.sock.send(connection.unsent)
                del connection.unsent[:sent]
        except BlockingIOError:
            pass
        except OSError:
            self._destroy(connection)
            return
        if connection.closing and not connection.unsent:
            self._destroy(connection)

    def _end(self, connection):
        """Closes a connection as soon as what was written has left."""
        connection.closing = True
        connection.waiting.clear()
        if connection.unsent:
            self._watch(connection)
        else:
            self._destroy(connection)

    def _destroy(self, connection):
        if connection.closed:
            return
        connection.closed = True
        if connection.sock.fileno() in self._selector.get_map():
            self._selector.unregister(connection.sock)
        connection.sock.close()
        self._connections.discard(connection)
        self._held -= connection.held
        connection.waiting.clear()
        connection.unread.clear()

    def _hold(self, connection, count):
        change = max(count, -connection.held)
        connection.held += change
        if not connection.closed:
            self._held += change

    def _count(self, error, failure, took_ms):
        self._requests += 1
        self._average_ms += (took_ms - self._average_ms) * max(1 / self._requests, 0.05)
        if error is None:
            return
        self._errors += 1
        if not error.startswith("model_failed"):
            return
        self._untold += 1
        now = time.monotonic()
        if now - self._told < 1 and self._told >= 0:
            return
        log.write("warn", self._process, "the model failed", error=error, failure=failure, failures=self._untold)
        self._told, self._untold = now, 0


def _has_hung_up(sock):
    """Whether the peer has closed altogether, or only said that it sends nothing more."""
    poller = select.poll()
    poller.register(sock, 0)
    return any(events & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, events in poller.poll(0))


def _clear(path):
    """Makes a socket's path free: removes the socket of a process that is gone."""
    size = len(os.fsencode(path))
    if size > MAX_SOCKET_PATH_BYTES:
        raise OSError(f"the socket's path is too long [max:{MAX_SOCKET_PATH_BYTES}, found:{size}]")
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise OSError(f"{path} is there and is no socket; remove it")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except (ConnectionRefusedError, FileNotFoundError):
            pass
        else:
            raise OSError(f"another process serves {path}; a model has one runtime")
    os.unlink(path)
