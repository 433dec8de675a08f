"""GStreamer decodes a file of MPEG-TS on one thread: to nowhere, or as NV12 into shmsink. Arguments: file, socket or -"""

import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

Gst.init(None)
path, socket = sys.argv[1:3]
decode = f"filesrc location={path} ! tsdemux ! h264parse ! avdec_h264 max-threads=1"
sink = (
    "fakesink sync=false"
    if socket == "-"
    else "videoconvert n-threads=1 ! video/x-raw,format=NV12 ! "
    f"shmsink socket-path={socket} wait-for-connection=false sync=false shm-size=67108864"
)
pipeline = Gst.parse_launch(f"{decode} ! {sink}")
loop = GLib.MainLoop()
problem = []


def heard(_bus, message):
    if message.type == Gst.MessageType.ERROR:
        problem.append(message.parse_error()[0].message)
        loop.quit()
    elif message.type == Gst.MessageType.EOS:
        loop.quit()


pipeline.get_bus().add_signal_watch()
pipeline.get_bus().connect("message", heard)
pipeline.set_state(Gst.State.PLAYING)
loop.run()
pipeline.set_state(Gst.State.NULL)
if problem:
    sys.exit(problem[0])
