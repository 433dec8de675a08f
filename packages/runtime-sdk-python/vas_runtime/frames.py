"""From a request's frame to its pixels: the checks of wire W1, on top of the frame reader."""

import os
import sys
import time

try:
    import vas_frames
except ImportError:
    # In the repository the reader lies beside this package.
    sys.path.append(os.path.join(os.path.dirname(__file__), "..", "..", "frame-readers", "python"))
    import vas_frames

FrameProblem = vas_frames.FrameProblem
MAX_CAMERAS = 64
IDLE_SECONDS = 30


class Frames:
    """Frames of any number of cameras below one export folder."""

    def __init__(self, shm_dir):
        self._shm_dir = os.path.abspath(shm_dir)
        self._readers = {}

    def open(self, reference, camera_id, wanted):
        """The frame that a request describes, to be released; raises FrameProblem."""
        self._check_folder(reference, camera_id)
        reader, _ = self._readers.pop(camera_id, None) or (vas_frames.FrameReader(self._shm_dir), 0)
        while len(self._readers) >= MAX_CAMERAS:
            self._drop(next(iter(self._readers)))
        self._readers[camera_id] = (reader, time.monotonic())
        ring = reader._ring(camera_id)
        for name, expected in (
            ("generation", ring.generation),
            ("width", ring.width),
            ("height", ring.height),
            ("stride", ring.stride),
            ("data_size", ring.words[5]),
        ):
            if wanted[name] != expected:
                raise _mismatch(name, expected, wanted[name])
        if wanted["slot"] >= ring.slot_count:
            raise _mismatch("slot_count", ring.slot_count, wanted["slot"])
        if wanted["sequence"] % 2 != 0:
            raise _mismatch("an even sequence", wanted["sequence"] + 1, wanted["sequence"])
        frame = reader.slot(camera_id, int(wanted["slot"]))
        offset = ring.words[(vas_frames.HEADER_SIZE + vas_frames.RECORD_SIZE * frame.slot) // 8 + 5]
        problem = None
        if frame.sequence != wanted["sequence"]:
            text = f"the slot was written again [expected:{wanted['sequence']}, found:{frame.sequence}]"
            problem = FrameProblem("torn", text)
        elif frame.frame_id != wanted["frame_id"]:
            problem = _mismatch("frame_id", frame.frame_id, wanted["frame_id"])
        elif offset != wanted["offset"]:
            problem = _mismatch("offset", offset, wanted["offset"])
        if problem is not None:
            frame.release()
            raise problem
        return frame

    def sweep(self):
        """Unmaps what nobody reads: a mapping would keep the memory of a camera that is gone."""
        oldest = time.monotonic() - IDLE_SECONDS
        for camera_id, (_, used) in list(self._readers.items()):
            if used < oldest or not os.path.exists(os.path.join(self._shm_dir, camera_id)):
                self._drop(camera_id)

    def close(self):
        for camera_id in list(self._readers):
            self._drop(camera_id)

    def _drop(self, camera_id):
        self._readers.pop(camera_id)[0].close()

    def _check_folder(self, reference, camera_id):
        if not reference.startswith("/") or "\0" in reference:
            raise FrameProblem("outside", "frame_reference is not an absolute path")
        # Before the file system is asked: a path that is elsewhere as written shall not even be looked up.
        written = os.path.normpath(reference)
        real_dir = os.path.realpath(self._shm_dir)
        if os.path.dirname(written) not in (self._shm_dir, real_dir):
            raise FrameProblem("outside", "frame_reference is not a folder inside VAS_SHM_DIR")
        if os.path.basename(written) != camera_id:
            raise FrameProblem("outside", "frame_reference is not the folder of this camera")
        if not os.path.lexists(written):
            raise FrameProblem("gone", "the camera exports no frames")
        if os.path.realpath(written) != os.path.join(real_dir, camera_id):
            raise FrameProblem("outside", "frame_reference leads out of VAS_SHM_DIR")


def _mismatch(name, expected, found):
    return FrameProblem("mismatch", f"{name} does not match [expected:{expected}, found:{found}]")
