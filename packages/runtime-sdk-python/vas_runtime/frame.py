"""What a handler gets to see of a frame."""

import math
from operator import itemgetter


_SHIFT = 21
#: A channel's sum lies between -600 and 1100.
_BELOW = 700
_CLAMP = bytes(min(255, max(0, round((at - _BELOW) / 2))) for at in range(2048))


class _Range:
    """BT.601 in half levels: the numbers of the TypeScript SDK, so that both see the same picture."""

    def __init__(self, black, scale, v_to_r, u_to_g, v_to_g, u_to_b):
        factor = math.floor(2 * scale * 2 ** (_SHIFT - 8) + 0.5)
        self.luma = [(256 * factor * (luma - black) + (1 << (_SHIFT - 1))) >> _SHIFT for luma in range(256)]
        self.gray = bytes(min(255, max(0, math.floor(scale * (luma - black) + 0.5))) for luma in range(256))
        self.v_to_r = _halves(v_to_r)
        self.u_to_b = _halves(u_to_b)
        #: By u and v: green takes from both, and is rounded once.
        self.g = [
            [math.floor(2 * (-u_to_g * (u - 128) - v_to_g * (v - 128)) + 0.5) for v in range(256)] for u in range(256)
        ]


def _halves(factor):
    return [math.floor(2 * factor * (value - 128) + 0.5) for value in range(256)]


_LIMITED = _Range(16, 1.164383, 1.596027, 0.391762, 0.812968, 2.017232)
_FULL = _Range(0, 1, 1.402, 0.344136, 0.714136, 1.772)


class Frame:
    """One decoded frame in VAS's memory.

    `y` and `uv` are views of that memory: they cost nothing, can only be read, and mean this frame only until the handler
    returns. Everything that shall be kept is copied. width, height: pixels. stride: bytes from one row to the next, of both
    planes. frame_id, timestamp_ns (monotonic), pts90k, wall_ms (Unix time). full_range: samples use all levels from 0 to
    255, which gray() and rgb() know and arrays() does not change.
    """

    def __init__(
        self, y, uv, width, height, stride, frame_id=1, timestamp_ns=0, pts90k=0, wall_ms=0, full_range=False, arrays=None
    ):
        self.y, self.uv = y, uv
        self.width, self.height, self.stride = width, height, stride
        self.frame_id, self.timestamp_ns, self.pts90k, self.wall_ms = frame_id, timestamp_ns, pts90k, wall_ms
        self.full_range = full_range
        self._range = _FULL if full_range else _LIMITED
        self._arrays = arrays

    def arrays(self):
        """Luma (height, width) and chroma (height / 2, width / 2, 2) as numpy views without a copy. Needs numpy."""
        if self._arrays is not None:
            return self._arrays()
        import numpy

        rows = self.height // 2
        luma = numpy.frombuffer(self.y, numpy.uint8, self.stride * self.height)
        chroma = numpy.frombuffer(self.uv, numpy.uint8, self.stride * rows)
        return (
            luma.reshape(self.height, self.stride)[:, : self.width],
            chroma.reshape(rows, self.stride)[:, : self.width].reshape(rows, self.width // 2, 2),
        )

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
        return b"".join(rows).translate(self._range.gray)

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
        luma_of, v_to_r, u_to_b, greens = self._range.luma, self._range.v_to_r, self._range.u_to_b, self._range.g
        for row in range(height):
            source = _nearest(row, self.height, height)
            start, pairs = source * self.stride, (source >> 1) * self.stride
            chroma = self.uv[pairs : pairs + self.width]
            lumas = [luma_of[value] + _BELOW for value in pick_y(self.y[start : start + self.width])]
            us, vs = pick_u(chroma), pick_v(chroma)
            at = row * width * 3
            end = at + width * 3
            out[at:end:3] = bytes([_CLAMP[luma + v_to_r[v]] for luma, v in zip(lumas, vs)])
            out[at + 1 : end : 3] = bytes([_CLAMP[luma + greens[u][v]] for luma, u, v in zip(lumas, us, vs)])
            out[at + 2 : end : 3] = bytes([_CLAMP[luma + u_to_b[u]] for luma, u in zip(lumas, us)])
        return bytes(out)


def _nearest(at, source, target):
    return min(source - 1, (2 * at + 1) * source // (2 * target))


def _picker(columns):
    if len(columns) > 1:
        return itemgetter(*columns)
    return lambda line: (line[columns[0]],)
