"""Run a command and write its seconds and its peak memory in bytes to a file: timed.py FILE COMMAND ….

A process of its own, and a small one, since the system counts what a process had before it became the command.
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    started = time.perf_counter()
    code = subprocess.run(sys.argv[2:]).returncode
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    Path(sys.argv[1]).write_text(json.dumps({"seconds": seconds, "peak": peak}), encoding="utf-8")
    sys.exit(code)
