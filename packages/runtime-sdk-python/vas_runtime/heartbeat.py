"""The file that says this runtime lives: written anew every 5 s, by a thread of its own, and put in place by rename."""

import datetime
import json
import os
import resource
import threading

from . import log

INTERVAL_SECONDS = 5


def resident_bytes():
    """Memory of this process; its most so far where the system does not tell the present."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class Heartbeat:
    def __init__(self, path, model_id, metrics, process):
        self._path = path
        self._model_id = model_id
        self._metrics = metrics
        self._process = process
        self._stop = threading.Event()
        self._told = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        """Writes the first heartbeat before it returns."""
        self._write()
        self._thread.start()

    def close(self):
        self._stop.set()
        self._thread.join()
        try:
            os.unlink(self._path)
        except FileNotFoundError:
            pass

    def _run(self):
        while not self._stop.wait(INTERVAL_SECONDS):
            self._write()

    def _write(self):
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        metrics = {**self._metrics(), "memory_bytes": resident_bytes()}
        beat = {"model_id": self._model_id, "timestamp": now, "status": "healthy", "metrics": metrics}
        fresh = f"{self._path}.{os.getpid()}"
        try:
            # Made anew each time: the folder may be /tmp, where somebody could have put a link in its place.
            try:
                os.unlink(fresh)
            except FileNotFoundError:
                pass
            fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with open(fd, "w", encoding="utf-8") as file:
                json.dump(beat, file)
            os.rename(fresh, self._path)
            self._told = False
        except OSError as error:
            # The file grows old, which is what a reader takes for degraded; the inference itself goes on.
            if not self._told:
                log.write("warn", self._process, "the heartbeat cannot be written", error=str(error))
            self._told = True
