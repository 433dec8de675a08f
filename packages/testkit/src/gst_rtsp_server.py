"""An RTSP camera of GStreamer's own server: raw I420 frames on stdin, H.264 over RTSP out.

    /usr/bin/python3 gst_rtsp_server.py WIDTH HEIGHT FPS GOP SUBWIDTH SUBHEIGHT [USERNAME PASSWORD]

The same pictures, scaled to SUBWIDTH x SUBHEIGHT, are a second stream where these are not 0.
Prints one JSON line {"url": ..., "subUrl": ...} when it listens, and ends when stdin does. The encoder runs whether or not somebody
watches, so that a client that leaves and comes back meets a stream that went on.
"""

import json
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstApp, GstRtsp, GstRtspServer  # noqa: E402, F401

width, height, fps, gop, sub_width, sub_height = (int(word) for word in sys.argv[1:7])
credentials = sys.argv[7:9]
Gst.init(None)
loop = GLib.MainLoop()



def encoded(name, bitrate):
    return (
        f"x264enc tune=zerolatency speed-preset=ultrafast threads=1 key-int-max={gop} bitrate={bitrate} byte-stream=true "
        "! video/x-h264,stream-format=byte-stream,alignment=au,profile=constrained-baseline "
        f"! appsink name={name} emit-signals=true sync=false max-buffers=30 drop=true "
    )


pictures = (
    f"fdsrc fd=0 blocksize={width * height * 3 // 2} "
    f"! rawvideoparse format=i420 width={width} height={height} framerate={fps}/1 "
)
encoder = Gst.parse_launch(
    f"{pictures} ! {encoded('stream', 3000)}"
    if sub_width == 0
    else f"{pictures} ! tee name=both both. ! queue ! {encoded('stream', 3000)} "
    f"both. ! queue ! videoscale ! video/x-raw,width={sub_width},height={sub_height} ! {encoded('sub', 500)}"
)


class Viewers:
    """The one shared media of a stream, while it exists: it gets every frame from its first key frame on."""

    def __init__(self):
        self.source = None
        self.first_pts = None
        self.start = 0

    def configure(self, _factory, media):
        self.source = media.get_element().get_by_name("frames")
        self.first_pts = None
        media.connect("unprepared", self.gone)

    def gone(self, _media):
        self.source = None

    def take(self, sink):
        sample = sink.emit("pull-sample")
        source = self.source
        if source is None:
            return Gst.FlowReturn.OK
        frame = sample.get_buffer()
        if self.first_pts is None:
            if frame.has_flags(Gst.BufferFlags.DELTA_UNIT):
                return Gst.FlowReturn.OK
            clock = source.get_clock()
            self.start = clock.get_time() - source.get_base_time() if clock else 0
            self.first_pts = frame.pts
        shifted = frame.copy()
        shifted.pts = shifted.dts = frame.pts - self.first_pts + self.start
        source.emit("push-buffer", shifted)
        return Gst.FlowReturn.OK


server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")
if credentials:
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth.add_digest(credentials[0], credentials[1], token)
    server.set_auth(auth)

names = ["stream"] if sub_width == 0 else ["stream", "sub"]
for name in names:
    viewers = Viewers()
    encoder.get_by_name(name).connect("new-sample", viewers.take)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_shared(True)
    factory.set_launch(
        "( appsrc name=frames is-live=true format=time block=false max-bytes=8000000 "
        "caps=video/x-h264,stream-format=byte-stream,alignment=au "
        "! h264parse ! rtph264pay name=pay0 pt=96 config-interval=-1 )"
    )
    factory.connect("media-configure", viewers.configure)
    if credentials:
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role("viewer", "media.factory.access", True)
        permissions.add_permission_for_role("viewer", "media.factory.construct", True)
        factory.set_permissions(permissions)
    server.get_mount_points().add_factory(f"/{name}", factory)
server.attach(None)


def heard(_bus, message):
    if message.type == Gst.MessageType.ERROR:
        print(message.parse_error()[0].message, file=sys.stderr)
        loop.quit()
    elif message.type == Gst.MessageType.EOS:
        loop.quit()


bus = encoder.get_bus()
bus.add_signal_watch()
bus.connect("message", heard)
encoder.set_state(Gst.State.PLAYING)
address = f"rtsp://127.0.0.1:{server.get_bound_port()}"
print(json.dumps({"url": f"{address}/stream", "subUrl": f"{address}/sub"}), flush=True)
loop.run()
encoder.set_state(Gst.State.NULL)
