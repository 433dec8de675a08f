"""Reads the frames that VAS exports (wire W1, docs/ref/frame-export.md): zero-copy, read-only, no lock, no waiting.

    reader = FrameReader("/dev/shm/vas")
    with reader.newest(camera_id) as frame:
        answer = use(*frame.arrays())           # numpy views; or frame.y and frame.uv, memoryviews
        if frame.still_valid():
            keep(answer)

Nothing but Python's standard library is needed; numpy is used where it is present. The writer never waits: what was done
with the pixels counts only where still_valid() says so afterwards. Linux, 64 bits, little endian.
"""

import errno
import mmap
import os
import stat
import sys
import threading

try:
    import numpy
except ImportError:
    numpy = None

if sys.byteorder != "little" or sys.maxsize < 2**32:
    raise ImportError("vas_frames is written for 64 bits, little endian")

VERSION = 2
HEADER_SIZE = 64
RECORD_SIZE = 64
MAX_SLOTS = 256
MAX_DIMENSION = 16384
_SAFE = 2**53 - 1

# Reading pixels and then a sequence has to stay in this order on arm64 too: releasing a lock and taking it again lets
# neither pass. On x86-64 loads keep their order.
_barrier = threading.Lock()


class FrameProblem(Exception):
    """Why there is no frame. The text carries the observed values and no path.

    code: "outside" (a name or link leads out of the export folder), "gone" (no export, no frame yet, or the files are
    just being replaced), "invalid" (the files are not what the wire says), "torn" (written meanwhile: skip this frame).
    """

    def __init__(self, code, text):
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


class Frame:
    """One frame where the writer put it. Its views end with release(), or with the `with` block."""

    def __init__(self, ring, slot, sequence, frame_id, timestamp_ns, pts90k, wall_ms, full_range, offset):
        self._ring = ring
        self.width, self.height, self.stride = ring.width, ring.height, ring.stride
        self.generation = ring.generation
        self.slot, self.sequence, self.frame_id = slot, sequence, frame_id
        #: Monotonic, for order.
        self.timestamp_ns = timestamp_ns
        #: Presentation time in 90 kHz ticks, the same that RTP and recordings carry.
        self.pts90k = pts90k
        #: Unix time.
        self.wall_ms = wall_ms
        #: Samples use all levels from 0 to 255, instead of 16 to 235 (luma) and 16 to 240 (chroma).
        self.full_range = full_range
        luma = ring.stride * ring.height
        #: Luma, `height` rows of `stride` bytes; read-only.
        self.y = ring.pixels[offset : offset + luma]
        #: U and V in turns, `height / 2` rows of `stride` bytes; read-only.
        self.uv = ring.pixels[offset + luma : offset + luma + luma // 2]
        ring.users += 1

    def arrays(self):
        """(height, width) luma and (height / 2, width / 2, 2) chroma as numpy views without a copy."""
        if numpy is None:
            raise RuntimeError("arrays() needs numpy; frame.y and frame.uv do not")
        # frombuffer holds the view it is given, and so the mapping; ndarray(buffer=) would let go of both.
        luma = numpy.frombuffer(self.y, numpy.uint8).reshape(self.height, self.stride)[:, : self.width]
        pairs = numpy.frombuffer(self.uv, numpy.uint8).reshape(self.height // 2, self.stride)[:, : self.width]
        chroma = pairs.reshape(self.height // 2, self.width // 2, 2)
        return luma, chroma

    def still_valid(self):
        """True where the slot has held this very frame until now. Ask it after the pixels were used."""
        if self._ring is None:
            return False
        with _barrier:
            pass
        ring = self._ring
        return ring.words[(HEADER_SIZE + RECORD_SIZE * self.slot) // 8] == self.sequence and ring.is_current()

    def release(self):
        """Ends the use. Views that are still held keep the memory alive; nothing ever reads memory that is gone."""
        if self._ring is None:
            return
        ring, self._ring = self._ring, None
        self.y = self.uv = None
        ring.users -= 1
        if ring.retired and ring.users == 0:
            ring.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.release()


class FrameReader:
    """Frames of any number of cameras. For one thread at a time."""

    def __init__(self, shm_dir="/dev/shm/vas"):
        self._shm_dir = os.path.abspath(shm_dir)
        self._rings = {}

    def newest(self, camera_id):
        """The newest complete frame. Raises FrameProblem."""
        ring = self._ring(camera_id)
        if ring.words[1] == 0:
            raise FrameProblem("gone", "no frame was written yet")
        return _take(ring, ring.halves[13])

    def slot(self, camera_id, slot):
        """The frame in one slot, for who was told of a slot and a sequence: compare them and the generation with the
        frame's. Raises FrameProblem."""
        return _take(self._ring(camera_id), slot)

    def close(self):
        """Unmaps what is not in use now, and the rest as it is released."""
        for camera_id in list(self._rings):
            self._retire(camera_id)

    def _ring(self, camera_id):
        ring = self._rings.get(camera_id)
        if ring is not None:
            if ring.is_current():
                return ring
            self._retire(camera_id)
        if not camera_id or camera_id in (".", "..") or "/" in camera_id or "\0" in camera_id:
            raise FrameProblem("outside", "the camera id is not the name of a folder")
        ring = self._rings[camera_id] = _Ring(self._shm_dir, camera_id)
        return ring

    def _retire(self, camera_id):
        ring = self._rings.pop(camera_id)
        ring.retired = True
        if ring.users == 0:
            ring.close()


def _take(ring, slot):
    if slot >= ring.slot_count:
        raise FrameProblem("invalid", f"slot is beyond slot_count [slot_count:{ring.slot_count}, slot:{slot}]")
    at = (HEADER_SIZE + RECORD_SIZE * slot) // 8
    words, signed = ring.words, ring.signed
    sequence = words[at]
    if sequence % 2:
        raise FrameProblem("torn", f"the slot is being written [sequence:{sequence}]")
    if sequence == 0:
        raise FrameProblem("gone", f"the slot holds no frame yet [slot:{slot}]")
    with _barrier:
        pass
    record = (words[at + 1], words[at + 2], signed[at + 3], signed[at + 4], ring.halves[2 * at + 12] == 1)
    offset = words[at + 5]
    with _barrier:
        pass
    if words[at] != sequence:
        raise FrameProblem("torn", "the slot record changed while it was read")
    if offset + ring.stride * ring.height // 2 * 3 > len(ring.pixels):
        raise FrameProblem("invalid", f"the slot's offset leaves frame.data [offset:{offset}, bytes:{len(ring.pixels)}]")
    return Frame(ring, slot, sequence, *record, offset)


class _Ring:
    """The two files of a camera, mapped exactly as long as fstat says and checked before anything is trusted."""

    def __init__(self, shm_dir, camera_id):
        self.users = 0
        self.retired = False
        self._folder = os.path.join(shm_dir, camera_id)
        self._maps = []
        self._views = []
        fds = []
        try:
            fds.append(_open_folder(self._folder))
            found = os.fstat(fds[0])
            self._folder_identity = (found.st_dev, found.st_ino)
            meta_fd, self._meta_identity = _open_file(fds, "frame.meta")
            data_fd, self._data_identity = _open_file(fds, "frame.data")
            meta = self._map(meta_fd, "frame.meta", self._meta_identity[2])
            whole = self._meta_identity[2] // 8 * 8
            self.words = self._view(meta, whole, "Q")
            self.signed = self._view(meta, whole, "q")
            self.halves = self._view(meta, whole, "I")
            self._check(self._meta_identity[2], self._data_identity[2])
            self.pixels = self._view(self._map(data_fd, "frame.data", self._data_identity[2]), None, "B")
            # The writer may have replaced the files between the two opens; a pair that is not current is no pair.
            if not self.is_current():
                raise FrameProblem("gone", "the files were replaced while they were opened")
        except BaseException:
            self.close()
            raise
        finally:
            for fd in fds:
                os.close(fd)

    def is_current(self):
        """True while the camera's names still mean the mapped files, at the length that was mapped."""
        try:
            folder = os.lstat(self._folder)
            return (
                stat.S_ISDIR(folder.st_mode)
                and (folder.st_dev, folder.st_ino) == self._folder_identity
                and _identity(os.lstat(self._folder + "/frame.meta")) == self._meta_identity
                and _identity(os.lstat(self._folder + "/frame.data")) == self._data_identity
            )
        except OSError:
            return False

    def close(self):
        """Lets go of the memory. A view that somebody kept holds it until it goes: Python unmaps with the last one."""
        self.words = self.signed = self.halves = self.pixels = None
        views, self._views = self._views, []
        maps, self._maps = self._maps, []
        for view in views:
            try:
                view.release()
            except BufferError:
                return
        for mapped in maps:
            try:
                mapped.close()
            except BufferError:
                return

    def _map(self, fd, name, size):
        try:
            mapped = mmap.mmap(fd, size, mmap.MAP_SHARED, mmap.PROT_READ)
        except (OSError, ValueError) as error:
            raise FrameProblem("invalid", f"{name} cannot be mapped [{error}]") from None
        self._maps.append(mapped)
        return mapped

    def _view(self, mapped, length, kind):
        # A cast to native words is read with one load each; struct's "<Q" would put eight bytes together, which the
        # writer may change in between.
        whole = memoryview(mapped)
        part = whole[:length]
        view = part.cast(kind)
        self._views += [view, part, whole]
        return view

    def _check(self, meta_bytes, data_bytes):
        def refuse(text):
            raise FrameProblem("invalid", text)

        if meta_bytes < HEADER_SIZE:
            refuse(f"frame.meta is too short [bytes:{meta_bytes}]")
        halves, words = self.halves, self.words
        if halves[0] != VERSION:
            refuse(f"unsupported version [expected:{VERSION}, found:{halves[0]}]")
        if halves[1] != HEADER_SIZE:
            refuse(f"unsupported header_size [expected:{HEADER_SIZE}, found:{halves[1]}]")
        if halves[8] != 0:
            refuse(f"unsupported pixel_format [expected:0, found:{halves[8]}]")
        self.width, self.height, self.stride = halves[6], halves[7], halves[9]
        for pixels in (self.width, self.height):
            if pixels == 0 or pixels > MAX_DIMENSION or pixels % 2:
                refuse(f"impossible size [width:{self.width}, height:{self.height}]")
        if self.stride < self.width or self.stride > MAX_DIMENSION * 2:
            refuse(f"impossible stride [width:{self.width}, stride:{self.stride}]")
        data_size = words[5]
        needed = self.stride * self.height // 2 * 3
        if data_size < needed or data_size > _SAFE:
            refuse(f"data_size is too small [needed:{needed}, found:{data_size}]")
        self.slot_count = halves[12]
        if self.slot_count < 1 or self.slot_count > MAX_SLOTS:
            refuse(f"impossible slot_count [found:{self.slot_count}]")
        needed = HEADER_SIZE + RECORD_SIZE * self.slot_count
        if meta_bytes < needed:
            refuse(f"frame.meta is too short [needed:{needed}, found:{meta_bytes}]")
        if data_bytes < data_size * self.slot_count:
            refuse(f"frame.data is too short [needed:{data_size * self.slot_count}, found:{data_bytes}]")
        self.generation = words[7]
        if self.generation > _SAFE:
            refuse(f"impossible generation [found:{self.generation}]")


def _open_folder(path):
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ENOENT:
            raise FrameProblem("gone", "the camera exports no frames") from None
        if os.path.islink(path):
            raise FrameProblem("outside", "the camera's folder is a symbolic link") from None
        raise FrameProblem("invalid", f"the camera's folder cannot be opened [errno:{error.errno}]") from None


def _open_file(fds, name):
    try:
        # O_NONBLOCK: a FIFO in the file's place must not block the open.
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=fds[0])
    except OSError as error:
        if error.errno == errno.ENOENT:
            raise FrameProblem("gone", f"{name} is not there") from None
        if error.errno == errno.ELOOP:
            raise FrameProblem("outside", f"{name} is a symbolic link") from None
        raise FrameProblem("invalid", f"{name} cannot be opened [errno:{error.errno}]") from None
    fds.append(fd)
    found = os.fstat(fd)
    if not stat.S_ISREG(found.st_mode):
        raise FrameProblem("invalid", f"{name}: not a regular file")
    if found.st_size == 0:
        raise FrameProblem("invalid", f"{name}: impossible file size [bytes:0]")
    return fd, _identity(found)


def _identity(found):
    return found.st_dev, found.st_ino, found.st_size
