#!/usr/bin/env bash
# Guess: frame.reformat(format="rgb24", interpolation=BICUBIC | ACCURATE_RND) of a yuv420p frame is exact to the rounding of
# 8 bits.
# Seen (av 18.1.0, FFmpeg 8's swscale): soft colours of 20 to 230 come out 2 levels darker on average, with and without accurate
# rounding; FULL_CHR_H_INT beside it takes the bias away. And to rgb48le by AREA with full chroma a frame is rubbish, tens of
# levels off.
# What follows: clips are read with full chroma, and what is deeper than 8 bits never by area (motionalchemy/media/pixels.py).
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check "av==18.1.0" "numpy==2.4.6" 2>/dev/null
cat > "$here/look.py" <<'PY'
import av
import numpy as np
from av.video.reformatter import Interpolation as I

across, down = np.meshgrid(np.linspace(20, 230, 1920), np.linspace(20, 230, 1080))
soft = np.stack([across, down, 250 - across], -1).astype(np.uint8)
made = av.VideoFrame.from_ndarray(soft, format="rgb24").reformat(
    format="yuv420p", dst_colorspace=1, dst_color_range=1, interpolation=I.BICUBIC | I.ACCURATE_RND)
made.colorspace, made.color_range = 1, 1


def off(kind: str, how: I) -> float:
    back = made.reformat(format=kind, src_colorspace=1, interpolation=how).to_ndarray().astype(float)
    return float((back / (257 if kind == "rgb48le" else 1) - soft).mean())


exact = I.BICUBIC | I.ACCURATE_RND
found = {"accurate": off("rgb24", exact), "with full chroma": off("rgb24", exact | I.FULL_CHR_H_INT),
         "16 bits": off("rgb48le", exact), "16 bits by area": off("rgb48le", I.AREA | I.ACCURATE_RND | I.FULL_CHR_H_INT | I.FULL_CHR_H_INP)}
print(av.__version__, {name: round(value, 2) for name, value in found.items()})
assert found["accurate"] < -1.5, "changed: no longer darker"
assert abs(found["with full chroma"]) < 0.3, "changed: darker with full chroma, too"
assert abs(found["16 bits by area"]) > 10, "changed: no longer rubbish by area"
PY
"$here/venv/bin/python" "$here/look.py"
echo "as found"
