"""The OpenCV half of bench/runtime-convert.ts: reads NV12 from a file; for each line on stdin runs one round, prints ms."""

import json
import sys
import time

import cv2
import numpy as np

cv2.setNumThreads(1)
path, width, height, out_width, out_height, runs = sys.argv[1], *map(int, sys.argv[2:7])
nv12 = np.fromfile(path, np.uint8).reshape(height * 3 // 2, width)
size = (out_width, out_height)
scale = np.float32(1 / 255)
full = np.empty((height, width, 3), np.uint8)
small = np.empty((out_height, out_width, 3), np.uint8)
floats = np.empty((out_height, out_width, 3), np.float32)
tensor = np.empty((1, 3, out_height, out_width), np.float32)


def as_written():
    rgb = cv2.resize(cv2.cvtColor(nv12, cv2.COLOR_YUV2RGB_NV12), size)
    return np.ascontiguousarray((rgb.astype(np.float32) * scale).transpose(2, 0, 1))


def blob():
    rgb = cv2.resize(cv2.cvtColor(nv12, cv2.COLOR_YUV2RGB_NV12), size)
    return cv2.dnn.blobFromImage(rgb, 1 / 255)


def in_place():
    cv2.cvtColor(nv12, cv2.COLOR_YUV2RGB_NV12, dst=full)
    cv2.resize(full, size, dst=small)
    np.multiply(small, scale, out=floats)
    cv2.split(floats, [tensor[0, 0], tensor[0, 1], tensor[0, 2]])
    return tensor


def took(what):
    start = time.thread_time()
    for _ in range(runs):
        what()
    return (time.thread_time() - start) * 1000 / runs


for what in (as_written, blob, in_place):
    took(what)
for _ in sys.stdin:
    print(json.dumps({what.__name__: took(what) for what in (as_written, blob, in_place)}), flush=True)
