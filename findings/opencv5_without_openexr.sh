#!/usr/bin/env bash
# Guess: the wheels of OpenCV read and write OpenEXR once OPENCV_IO_ENABLE_OPENEXR=1 is set, the fifth major version like the
# fourth.
# Seen (opencv-python-headless 4.14.0.94 and 5.0.0.93): 4.14 writes a picture and reads the same values back; the wheel of 5.0
# is built without the format: its build information says "OpenEXR: NO", haveImageWriter is false, imencode raises.
# What follows: panoramas of the corpus are read by the package openexr (motionalchemy/data/build/stills.py).
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cat > "$here/look.py" <<'PY'
import os

os.environ["OPENCV_IO_ENABLE_OPENEXR"] = "1"
import cv2
import numpy as np

light = np.linspace(0, 40, 4 * 6 * 3, dtype=np.float32).reshape(4, 6, 3)
there = cv2.haveImageWriter("a.exr")
said = next(line.split()[-1] for line in cv2.getBuildInformation().splitlines() if "OpenEXR" in line)
try:
    done, data = cv2.imencode(".exr", light)
    found = float(np.abs(cv2.imdecode(data, cv2.IMREAD_UNCHANGED) - light).max())
except cv2.error as error:
    found = type(error).__name__
print(cv2.__version__, "build information:", said, "writer:", there, "round trip:", found)
if int(cv2.__version__.split(".")[0]) >= 5:
    assert not there and said == "NO" and found == "error", "changed: 5.0 has the format again"
else:
    assert there and said != "NO" and found == 0.0, "changed: 4.14 has the format no longer"
PY
for version in 4.14.0.94 5.0.0.93; do
    python3 -m venv "$here/$version"
    "$here/$version/bin/pip" install --quiet --disable-pip-version-check "opencv-python-headless==$version" 2>/dev/null
    "$here/$version/bin/python" "$here/look.py"
done
echo "as found"
