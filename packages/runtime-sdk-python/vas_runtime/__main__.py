"""`python3 -m vas_runtime <model folder>`: serves a model whose entry is a Python file, until SIGTERM or SIGINT.

Environment: RUTH_SOCKET_DIR (/tmp), VAS_SHM_DIR (/dev/shm/vas), RUTH_EXIT_WITH_STDIN (0 or 1). Exit codes: 0 asked to end, 1
could not start or had to be cut short, 2 wrong arguments, 3 invalid environment.
"""

import os
import signal
import sys
import threading
import traceback

from . import log, model as model_folder
from .answer import Answerer
from .entry import load_handler
from .frames import Frames
from .heartbeat import Heartbeat
from .server import Server

#: What a request that is being served may still take after the process was asked to end.
FINISH_SECONDS = 5


def main(arguments):
    settings = {"RUTH_SOCKET_DIR": "/tmp", "VAS_SHM_DIR": "/dev/shm/vas"}
    for name, otherwise in settings.items():
        value = os.environ.get(name, otherwise)
        if not value.startswith("/"):
            log.write("error", "runtime", "the environment is not valid", error=f"{name} must be an absolute path [found:{value}]")
            return 3
        settings[name] = value.rstrip("/") or "/"
    with_stdin = os.environ.get("RUTH_EXIT_WITH_STDIN", "0")
    if with_stdin not in ("0", "1"):
        error = f"RUTH_EXIT_WITH_STDIN must be 0 or 1 [found:{with_stdin}]"
        log.write("error", "runtime", "the environment is not valid", error=error)
        return 3
    if len(arguments) != 1:
        log.write("error", "runtime", "name the model's folder as the only argument")
        return 2
    try:
        model = model_folder.load(arguments[0])
    except model_folder.ModelError as error:
        log.write("error", "runtime", "the model's folder is not valid", error=str(error))
        return 1
    return _run(model, settings["RUTH_SOCKET_DIR"], settings["VAS_SHM_DIR"], with_stdin == "1")


def _run(model, socket_dir, shm_dir, with_stdin):
    process = f"runtime:{model.model_id}"
    # Until the model is loaded there is nothing to finish.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
    try:
        handler = load_handler(model)
        frames = Frames(shm_dir)
        path = f"{socket_dir}/vas_model_{model.model_id}.sock"
        server = Server(path, Answerer(model, handler, frames), frames, process)
        server.listen()
    except Exception as error:
        log.write("error", process, "the runtime cannot start", error=str(error), stack=traceback.format_exc())
        return 1

    def asked(number, _):
        server.stop(signal.Signals(number).name)
        threading.Thread(target=_cut_short, args=(process,), daemon=True).start()

    signal.set_wakeup_fd(server.wake_fd(), warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, asked)
    if with_stdin:
        server.stop_with(sys.stdin, "the end of stdin")
    heartbeat_path = f"{socket_dir}/vas_heartbeat_{model.model_id}.json"
    heartbeat = Heartbeat(heartbeat_path, model.model_id, server.metrics, process)
    heartbeat.start()
    log.write("info", process, "serving", socket=path, version=model.yaml["model_version"])
    reason = server.serve()
    heartbeat.close()
    server.close()
    log.write("info", process, "ended", reason=reason)
    return 0


def _cut_short(process):
    threading.Event().wait(FINISH_SECONDS)
    log.write("error", process, "a request did not finish; ending without it", waitedMs=FINISH_SECONDS * 1000)
    os._exit(1)


sys.exit(main(sys.argv[1:]))
