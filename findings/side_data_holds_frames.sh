#!/usr/bin/env bash
# Guess: a decoded frame of PyAV is gone, with its pixels, once nothing refers to it.
# Seen (av 18.1.0): a frame whose `side_data` was read once stays until Python next looks for cycles, for the frame and its
# side data refer to each other; pixels do not count for that, so some 80 frames of 1080p (two for each that was read and
# converted) stood in memory: 900 MB instead of 120.
# What follows: the display matrix is read again only where rotation or size change (motionalchemy/media/pixels.py).
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check "av==18.1.0" "numpy==2.4.6" 2>/dev/null
cat > "$here/look.py" <<'PY'
import gc

import av


def held(read: bool) -> int:
    """How many of 20 frames stand when nothing refers to them any more."""
    gc.collect()
    gc.disable()
    for _ in range(20):
        frame = av.VideoFrame(64, 64, "yuv420p")
        if read:
            len(frame.side_data)
        del frame
    count = sum(type(each).__name__ == "VideoFrame" for each in gc.get_objects())
    gc.enable()
    return count


found = {"side data not read": held(False), "read": held(True)}
print(av.__version__, found)
assert found["side data not read"] == 0, "changed: frames are held at once"
assert found["read"] == 20, "changed: frames are let go"
PY
"$here/venv/bin/python" "$here/look.py"
echo "as found"
