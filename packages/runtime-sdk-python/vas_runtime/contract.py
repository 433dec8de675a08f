"""Wire W2: what a request must be and what a reply may be. packages/contracts/src/inference.ts, in Python."""

import math
import re

MAX_REQUEST_BYTES = 10 * 1024 * 1024
MAX_REPLY_BYTES = 1024 * 1024
MAX_ERROR_CHARS = 1024

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,127}\Z")
_BIGINT = re.compile(r"-?[0-9]{1,20}\Z")


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_integer(value):
    return _is_number(value) and value == math.floor(value)


_LEAST = {"frame_id": 1, "slot": 0, "offset": 0, "sequence": 0, "generation": 0, "width": 2, "height": 2, "stride": 2, "data_size": 1}


def check_request(value):
    """None where the value is a request, else one sentence that names the field."""
    if not isinstance(value, dict):
        return "/: must be object"
    for name in ("frame_reference", "frame_metadata", "camera_id", "model_id", "timestamp"):
        if name not in value:
            return f"/: must have required properties {name}"
    reference = value["frame_reference"]
    if not isinstance(reference, str) or not 1 <= len(reference) <= 4096:
        return "/frame_reference: must be text of 1 to 4096 characters"
    if not isinstance(value["camera_id"], str) or not _UUID.match(value["camera_id"]):
        return "/camera_id: must be a UUID"
    if not isinstance(value["model_id"], str) or not _ID.match(value["model_id"]):
        return "/model_id: must be a model id"
    if not _is_number(value["timestamp"]):
        return "/timestamp: must be a number"
    if "config" in value and not isinstance(value["config"], dict):
        return "/config: must be object"
    frame = value["frame_metadata"]
    if not isinstance(frame, dict):
        return "/frame_metadata: must be object"
    for name in (*_LEAST, "format", "timestamp_ns", "pts90k", "wall_ms"):
        if name not in frame:
            return f"/frame_metadata: must have required properties {name}"
    for name, least in _LEAST.items():
        if not _is_integer(frame[name]) or frame[name] < least:
            return f"/frame_metadata/{name}: must be an integer of at least {least}"
    for name in ("pts90k", "wall_ms"):
        if not _is_integer(frame[name]):
            return f"/frame_metadata/{name}: must be an integer"
    if frame["format"] != "NV12":
        return "/frame_metadata/format: must be NV12"
    if not isinstance(frame["timestamp_ns"], str) or not _BIGINT.match(frame["timestamp_ns"]):
        return "/frame_metadata/timestamp_ns: must be a decimal number as text"
    return None


def check_detections(value):
    """None where the value is a list of detections, else one sentence that names the field."""
    if not isinstance(value, (list, tuple)):
        return "/detections: must be a list"
    if len(value) > 1000:
        return "/detections: must not have more than 1000 items"
    for at, detection in enumerate(value):
        problem = _check_detection(detection)
        if problem is not None:
            return f"/detections/{at}{problem}"
    return None


def _is_fraction(value):
    return _is_number(value) and 0 <= value <= 1


def _is_list(value, least, most, check):
    return isinstance(value, (list, tuple)) and least <= len(value) <= most and all(check(item) for item in value)


def _is_text(most):
    return lambda value: isinstance(value, str) and len(value) <= most


def _is_point(value):
    return _is_list(value, 2, 2, _is_number)


def _is_key_point(value):
    return _is_list(value, 3, 3, _is_number) and _is_fraction(value[2])


def _is_track_id(value):
    return value is None or _is_integer(value) or _is_text(64)(value)


_REQUIRED = {
    "class_id": (lambda value: _is_integer(value) and value >= 0, "an integer of at least 0"),
    "class_name": (_is_text(128), "text of up to 128 characters"),
    "confidence": (_is_fraction, "between 0 and 1"),
    "bbox": (lambda value: _is_list(value, 4, 4, _is_fraction), "four numbers between 0 and 1"),
}
_OPTIONAL = {
    "track_id": (_is_track_id, "an integer, text or None"),
    "keypoints": (lambda value: _is_list(value, 0, 256, _is_key_point), "up to 256 of x, y, confidence"),
    "polygon": (lambda value: _is_list(value, 0, 1024, _is_point), "up to 1024 of x, y"),
    "text": (_is_text(4096), "text of up to 4096 characters"),
    "value": (_is_number, "a number"),
    "unit": (_is_text(32), "text of up to 32 characters"),
}


def _check_detection(value):
    if not isinstance(value, dict):
        return ": must be a dict"
    for name, (check, what) in _REQUIRED.items():
        if name not in value:
            return f": must have {name}"
        if not check(value[name]):
            return f"/{name}: must be {what}"
    for name, (check, what) in _OPTIONAL.items():
        if name in value and not check(value[name]):
            return f"/{name}: must be {what}"
    return None
