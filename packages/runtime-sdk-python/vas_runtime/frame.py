"""What a handler gets to see of a frame."""

from operator import itemgetter


def _table(factor, middle):
    return [int((factor * (value - middle) * 65536 + 0.5) // 1) for value in range(256)]


# BT.601, limited range, in 16.16 fixed point: the numbers of the TypeScript SDK.
_LUMA = _table(1.164383, 16)
_V_TO_R = _table(1.596027, 128)
_U_TO_G = _table(-0.391762, 128)
_V_TO_G = _table(-0.812968, 128)
_U_TO_B = _table(2.017232, 128)
_HALF = 1 << 15
#: A channel's sum lies between -277 and 535.
_BELOW = 320
_CLAMP = bytes(min(255, max(0, at - _BELOW)) for at in range(1024))
_GRAY = bytes(min(255, max(0, (value + _HALF) >> 16)) for value in _LUMA)


class Frame:
    """One decoded frame in VAS's memory.

    `y` and `uv` are views of that memory: they cost nothing, can only be read, and mean this frame only until the handler
    returns. Everything that shall be kept is copied. width, height: pixels. stride: bytes from one row to the next, of both
    planes. frame_id, timestamp_ns (monotonic), pts90k, wall_ms (Unix time).
    """

    def __init__(self, y, uv, width, height, stride, frame_id=1, timestamp_ns=0, pts90k=0, wall_ms=0, arrays=None):
        self.y, self.uv = y, uv
        self.width, self.height, self.stride = width, height, stride
        self.frame_id, self.timestamp_ns, self.pts90k, self.wall_ms = frame_id, timestamp_ns, pts90k, wall_ms
        self._arrays = arrays

    def arrays(self):
        """Luma (height, width) and chroma (height / 2, width / 2, 2) as numpy views without a copy. Needs numpy."""
        if self._arrays is not None:
            return self._arrays()
        import numpy

        luma = numpy.ndarray((self.height, self.width), numpy.uint8, self.y, strides=(self.stride, 1))
        shape = (self.height // 2, self.width // 2, 2)
        return luma, numpy.ndarray(shape, numpy.uint8, self.uv, strides=(self.stride, 2, 1))

    def gray(self, width=None, height=None):
        """Luma stretched to 0..255, one byte a pixel, rows without padding; of the frame's own size unless told otherwise.

        The nearest pixel is taken. Bytes, `width * height` long.
        """
        width, height = width or self.width, height or self.height
        pick = _picker([_nearest(at, self.width, width) for at in range(width)])
        rows = []
        for row in range(height):
            start = _nearest(row, self.height, height) * self.stride
            line = self.y[start : start + self.width]
            rows.append(bytes(line if width == self.width else pick(line)))
        return b"".join(rows).translate(_GRAY)

    def rgb(self, width=None, height=None):
        """Three bytes a pixel, rows without padding. The nearest pixel is taken.

        In plain Python: about 0.2 us a pixel. For more than a few hundred pixels a side take `arrays` and numpy.
        """
        width, height = width or self.width, height or self.height
        columns = [_nearest(at, self.width, width) for at in range(width)]
        pick_y = _picker(columns)
        pick_u = _picker([column & ~1 for column in columns])
        pick_v = _picker([column | 1 for column in columns])
        out = bytearray(width * height * 3)
        for row in range(height):
            source = _nearest(row, self.height, height)
            start, pairs = source * self.stride, (source >> 1) * self.stride
            chroma = self.uv[pairs : pairs + self.width]
            lumas = [_LUMA[value] + _HALF for value in pick_y(self.y[start : start + self.width])]
            us, vs = pick_u(chroma), pick_v(chroma)
            at = row * width * 3
            end = at + width * 3
            out[at:end:3] = bytes(_CLAMP[((y + _V_TO_R[v]) >> 16) + _BELOW] for y, v in zip(lumas, vs))
            out[at + 1 : end : 3] = bytes(
                _CLAMP[((y + _U_TO_G[u] + _V_TO_G[v]) >> 16) + _BELOW] for y, u, v in zip(lumas, us, vs)
            )
            out[at + 2 : end : 3] = bytes(_CLAMP[((y + _U_TO_B[u]) >> 16) + _BELOW] for y, u in zip(lumas, us))
        return bytes(out)


def _nearest(at, source, target):
    return min(source - 1, (2 * at + 1) * source // (2 * target))


def _picker(columns):
    if len(columns) > 1:
        return itemgetter(*columns)
    return lambda line: (line[columns[0]],)
