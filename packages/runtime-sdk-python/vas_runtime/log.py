"""One JSON object a line on stderr."""

import datetime
import json
import sys


def write(level, process, message, **fields):
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    record = {"time": now, "level": level, "message": message, "process": process, **fields}
    sys.stderr.write(json.dumps(record, default=str) + "\n")
    sys.stderr.flush()
