"""Runs a command and prints as JSON how it ended and how much memory it held at most.

usage: peak.py COMMAND…
"""

import json
import resource
import subprocess
import sys

ran = subprocess.run(sys.argv[1:], capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"})
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
print(json.dumps({"code": ran.returncode, "stdout": ran.stdout, "stderr": ran.stderr, "peak_bytes": peak}))
