#!/usr/bin/env bash
# Guess: the same tensors and the same metadata make the same safetensors file, byte for byte.
# Seen (safetensors 0.8.0, numpy 2.4.6, Python 3.11): the keys of the metadata stand in another order from
# process to process, so a file with a few of them has other bytes (and another SHA-256) each time.
# What follows: learned motions are written with their header in order (motionalchemy/nets/pack.py, save_tensors).
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check "safetensors==0.8.0" "numpy==2.4.6" 2>/dev/null
cat > "$here/write.py" <<'PY'
import hashlib

import numpy as np
from safetensors.numpy import save

keys = {name: name for name in ("author", "base", "clips", "date", "licence", "name", "prompt", "rank")}
data = save({"b": np.arange(4.0), "a": np.ones(3)}, metadata=keys)
print(hashlib.sha256(data).hexdigest()[:16])
PY
for _ in 1 2 3 4 5 6 7 8; do "$here/venv/bin/python" "$here/write.py"; done > "$here/sums"
different=$(sort -u "$here/sums" | wc -l)
echo "$different different sums in 8 processes"
[ "$different" -gt 1 ] || { echo "changed: metadata has an order of its own now"; exit 1; }
echo "as found"
