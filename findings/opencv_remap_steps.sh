#!/usr/bin/env bash
# Guess: a bilinear remap of a float32 picture by float32 maps looks where it is told to, to float32's precision; steps of a
# 32nd of a pixel are for 8-bit pictures, and a new major version changes none of it.
# Seen (opencv-python-headless 4.14.0.94 and 5.0.0.93): 4.14 rounds positions to a 32nd of a pixel for float32 too; over a
# ramp of 1024 a pixel it is wrong by 16, and 65 positions within one pixel give 33 values. 5.0 gives the ramp itself.
# warpAffine differs alike.
# What follows: a movement finer than a 32nd of a pixel was none, and frames depended on the version; the package needs
# OpenCV 5 (pyproject.toml, docs/install.md).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/look.py" <<'PY'
import sys

import cv2
import numpy as np

ramp = np.repeat(np.arange(8, dtype=np.float32)[None] * 1024, 4, 0)  # 1024 from pixel to pixel
at = 3 + np.arange(65, dtype=np.float32) / 64  # within one pixel, in steps of a 64th
found = cv2.remap(ramp, at[None], np.full((1, 65), 1, np.float32), cv2.INTER_LINEAR)[0]
wrong = float(np.abs(found - 1024 * at).max())
turned = cv2.warpAffine(ramp, np.float32([[1, 0, -1 / 64], [0, 1, 0]]), (6, 4))[1, 1:5]
moved = float(np.abs(turned - 1024 * (np.arange(1, 5) + 1 / 64)).max())
print(cv2.__version__, "remap: wrong by", wrong, "values", len(set(found.tolist())), "warpAffine: wrong by", moved)
exact = int(cv2.__version__.split(".")[0]) >= 5
if exact:
    assert wrong < 0.01 and len(set(found.tolist())) == 65, "5.0 is exact no longer"
else:
    assert wrong == 16 and len(set(found.tolist())) == 33, "4.14 does not round to a 32nd any longer"
PY
for version in 4.14.0.94 5.0.0.93; do
    python3 -m venv "$folder/$version"
    "$folder/$version/bin/pip" install --quiet --disable-pip-version-check "opencv-python-headless==$version"
    "$folder/$version/bin/python" "$folder/look.py"
done
echo "as found"
