"""`python3 -m vas_runtime.once <model folder> <width> <height> [parameters]`: one NV12 frame on stdin, detections on stdout."""

import json
import sys
import time

from . import model as model_folder
from .answer import Context
from .contract import check_detections
from .entry import load_handler
from .frame import Frame


def main(folder, width, height, parameters="{}"):
    model = model_folder.load(folder)
    handler = load_handler(model)
    pixels = memoryview(sys.stdin.buffer.read())
    luma = width * height
    if len(pixels) != luma * 3 // 2:
        raise ValueError(f"the frame has {len(pixels)} bytes, {luma * 3 // 2} were expected")
    frame = Frame(pixels[:luma], pixels[luma:], width, height, width, wall_ms=round(time.time() * 1000))
    start = time.perf_counter()
    detections = handler(frame, Context(model, json.loads(parameters), "00000000-0000-4000-8000-000000000000"))
    took_ms = (time.perf_counter() - start) * 1000
    problem = check_detections(detections)
    if problem is not None:
        raise ValueError(f"the detections do not fit the contract: {problem}")
    print(json.dumps({"detections": detections, "took_ms": took_ms}, allow_nan=False))


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:5])
