#!/usr/bin/env bash
# Guess: safetensors' save_file raises OSError, with its errno, where the system cannot write, as open() does.
# Seen (safetensors 0.8.0): it raises SafetensorError, which is no OSError and has no errno, for a full disk; whoever
# catches OSError to say "the disk is full" shows a traceback.
# What follows: what stands beside a growing film is made bytes by `save` and written by Python (motionalchemy/media/sinks.py).
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check "safetensors==0.8.0" "numpy==2.4.6" 2>/dev/null
cat > "$here/look.py" <<'PY'
import os
import resource
import signal

import numpy as np
import safetensors
from safetensors.numpy import save, save_file

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))  # as a full disk: nothing is written beyond
tensors, found = {"a": np.ones(10000)}, {}
for name, write in (("save_file", lambda: save_file(tensors, "a.st")), ("save, then open", lambda: open("b.st", "wb", 0).write(save(tensors)))):
    try:
        short = write()
        os.write(os.open("b.st", os.O_WRONLY | os.O_APPEND), b"x") if short else None
    except Exception as error:
        found[name] = (type(error).__name__, isinstance(error, OSError), getattr(error, "errno", None))
print(safetensors.__version__, found)
assert found["save_file"] == ("SafetensorError", False, None), "changed: it is another error"
assert found["save, then open"][1], "changed: Python's own writing raises no OSError"
PY
cd "$here" && "$here/venv/bin/python" look.py
echo "as found"
