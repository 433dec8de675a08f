"""The line protocol of driver.ts over vas_frames.py. Arguments: VAS_SHM_DIR and the folder of vas_frames.py."""

import json
import sys
import time

sys.path.insert(0, sys.argv[2])
import vas_frames  # noqa: E402

reader = vas_frames.FrameReader(sys.argv[1])
held = None


def say(answer):
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def sum_of(frame):
    total = 0
    for plane, rows in ((frame.y, frame.height), (frame.uv, frame.height // 2)):
        for row in range(rows):
            for byte in plane[row * frame.stride : row * frame.stride + frame.width]:
                total = (total * 31 + byte) & 0xFFFFFFFF
    return total


def hold(find):
    global held
    if held is not None:
        held.release()
        held = None
    try:
        held = find()
    except vas_frames.FrameProblem as problem:
        return {"code": problem.code, "text": problem.text}
    return {
        "ok": True,
        "width": held.width,
        "height": held.height,
        "stride": held.stride,
        "slot": held.slot,
        "generation": held.generation,
        "sequence": held.sequence,
        "frame_id": held.frame_id,
        "timestamp_ns": str(held.timestamp_ns),
        "pts90k": held.pts90k,
        "wall_ms": held.wall_ms,
        "full_range": held.full_range,
        "sum": sum_of(held),
    }


def stress(camera):
    counts = {"accepted": 0, "wrong": 0, "mixed": 0, "torn": 0, "gone": 0}
    noise = None
    said = 0.0
    while True:
        if time.monotonic() - said > 0.25:
            said = time.monotonic()
            say(counts)
        try:
            frame = reader.newest(camera)
        except vas_frames.FrameProblem as problem:
            counts["torn" if problem.code == "torn" else "gone"] += 1
            continue
        with frame:
            luma = len(frame.y)
            size = luma + len(frame.uv)
            if noise is None:
                noise = memoryview(pattern_noise(size))
            start = frame.frame_id * 37 % 65521
            # bytes() copies the plane; the comparison of two memoryviews would be byte by byte.
            same = bytes(frame.y) == noise[start : start + luma] and bytes(frame.uv) == noise[start + luma : start + size]
            valid = frame.still_valid()
        counts[("accepted" if same else "wrong") if valid else ("torn" if same else "mixed")] += 1


def pattern_noise(size):
    noise = bytearray(size + 65521)
    state = 1
    for at in range(len(noise)):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        noise[at] = state >> 24
    return bytes(noise)


for line in sys.stdin:
    command, *rest = line.split()
    if command == "newest":
        say(hold(lambda: reader.newest(rest[0])))
    elif command == "slot":
        say(hold(lambda: reader.slot(rest[0], int(rest[1]))))
    elif command == "sum":
        say({"sum": sum_of(held)})
    elif command == "valid":
        say({"valid": held is not None and held.still_valid()})
    elif command == "release":
        if held is not None:
            held.release()
        held = None
        say({})
    elif command == "stress":
        stress(rest[0])
    else:
        raise ValueError(line)
