"""One request to one reply: every check, the handler, and the torn check after it. Knows nothing of sockets."""

import json
import time
import traceback

from . import contract
from .frame import Frame
from .frames import FrameProblem


class Context:
    """config: the assignment's parameters, which VAS checked against config_schema. model: model.Model."""

    def __init__(self, model, config, camera_id):
        self.model = model
        self.config = config
        self.camera_id = camera_id


class Answerer:
    def __init__(self, model, handler, frames):
        self._model = model
        self._handler = handler
        self._frames = frames
        needs = model.yaml.get("resource_requirements") or {}
        self._refuses_cpu = needs.get("cpu_fallback_allowed") is False and needs.get("gpu_required") is not False

    def answer(self, message):
        """Returns the reply's bytes (without the length), its error or None, and the handler's traceback or None."""
        try:
            value = json.loads(message.decode("utf-8"), parse_constant=_refuse_constant)
        except UnicodeDecodeError:
            return self.error("", 0, "bad_request", "the request is not UTF-8")
        except (ValueError, RecursionError):
            return self.error("", 0, "bad_request", "the request is not JSON")
        camera_id, frame_id = _asked(value)
        problem = contract.check_request(value)
        if problem is not None:
            return self.error(camera_id, frame_id, "bad_request", problem)
        if value["model_id"] != self._model.model_id:
            text = f"this runtime serves another model [expected:{self._model.model_id}]"
            return self.error(camera_id, frame_id, "wrong_model", text)
        if self._refuses_cpu:
            return self.error(camera_id, frame_id, "no_gpu", "cpu_fallback_allowed is false and there is no GPU")
        try:
            source = self._frames.open(value["frame_reference"], camera_id, value["frame_metadata"])
        except FrameProblem as found:
            return self.error(camera_id, frame_id, found.code, found.text)
        try:
            return self._infer(source, camera_id, frame_id, value.get("config", {}))
        finally:
            source.release()

    def _infer(self, source, camera_id, frame_id, config):
        stamps = (source.frame_id, source.timestamp_ns, source.pts90k, source.wall_ms, source.full_range)
        size = (source.width, source.height, source.stride)
        frame = Frame(source.y, source.uv, *size, *stamps, arrays=source.arrays)
        start = time.perf_counter()
        detections, failure, told = [], None, None
        try:
            detections = self._handler(frame, Context(self._model, config, camera_id))
        except Exception as thrown:
            failure, told = str(thrown) or type(thrown).__name__, traceback.format_exc()
        took_ms = round((time.perf_counter() - start) * 1000, 3)
        # Before the failure: pixels of two frames at once may well be why the handler threw.
        if not source.still_valid():
            return self.error(camera_id, frame_id, "torn", "the frame was written over while the model used it")
        if told is not None:
            return (*self.error(camera_id, frame_id, "model_failed", failure)[:2], told)
        problem = contract.check_detections(detections)
        if problem is not None:
            text = f"the detections do not fit the contract: {problem}"
            return self.error(camera_id, frame_id, "model_failed", text)
        metadata = {"inference_ms": took_ms, "preprocess_ms": 0, "device": "cpu"}
        try:
            data = _encode(self._reply(camera_id, frame_id, detections, metadata, None))
        except (TypeError, ValueError, RecursionError) as thrown:
            text = f"the detections cannot be written as JSON: {thrown}"
            return self.error(camera_id, frame_id, "model_failed", text)
        if len(data) > contract.MAX_REPLY_BYTES:
            text = f"[max:{contract.MAX_REPLY_BYTES}, found:{len(data)}]"
            return self.error(camera_id, frame_id, "reply_too_large", text)
        return data, None, None

    def error(self, camera_id, frame_id, code, text):
        """A reply that carries nothing but an error."""
        error = f"{code}: {text}"[: contract.MAX_ERROR_CHARS]
        return _encode(self._reply(camera_id, frame_id, [], {}, error)), error, None

    def _reply(self, camera_id, frame_id, detections, metadata, error):
        return {
            "model_id": self._model.model_id,
            "camera_id": camera_id,
            "frame_id": frame_id,
            "detections": detections,
            "metadata": metadata,
            "error": error,
        }


def _encode(reply):
    text = json.dumps(reply, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    # Half a surrogate pair has no UTF-8; the reply goes on with a question mark in its place.
    return text.encode("utf-8", "replace")


def _refuse_constant(name):
    raise ValueError(f"{name} is no JSON")


def _asked(value):
    """As much of the identity as a broken request still shows, so that its caller can tell which one it was."""
    request = value if isinstance(value, dict) else {}
    metadata = request.get("frame_metadata")
    frame_id = metadata.get("frame_id") if isinstance(metadata, dict) else None
    camera_id = request.get("camera_id")
    is_id = isinstance(frame_id, int) and not isinstance(frame_id, bool) and 0 <= frame_id < 2**53
    return (camera_id[:64] if isinstance(camera_id, str) else ""), (frame_id if is_id else 0)
