#!/usr/bin/env bash
# Everything that the scene networks learn from, into one folder outside the repository:
#
#     tools/scene/build.sh FOLDER CORPUS TEACHERS PEOPLE [JUDGED]
#
# CORPUS is the training corpus (actors, turntables, stills), TEACHERS the networks that tools/scene/label.py names, PEOPLE a folder
# with MakeHuman's CC0 data as tools/scene/people.py wants it, JUDGED a folder of pictures kept for judging, which are left out.
# Needs apt-get, dpkg, git, Python 3.11 and the package registries; about an hour and a half on one core, most of it rendering.
# Each step goes on where it was stopped. Afterwards:
#
#     motionalchemy train depth-cpu --corpus FOLDER --out RUN && motionalchemy train regions-cpu --corpus FOLDER --out RUN
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd); folder=$(mkdir -p "$1" && cd "$1" && pwd); corpus=$2; teachers=$3; people=$4; judged=${5:-}
export OMP_NUM_THREADS=1
python=${PYTHON:-python3}

[ -d "$folder/budgie" ] || git clone -q https://github.com/BuddiesOfBudgie/budgie-backgrounds "$folder/budgie"
[ -f "$folder/pictures.csv" ] || "$python" "$here/pictures.py" "$folder" --budgie "$folder/budgie" --corpus "$corpus" ${judged:+--not-these "$judged"}
[ -d "$folder/cutouts/animal" ] || "$python" "$here/cutouts.py" "$folder" "$corpus"

if [ ! -d "$folder/fonts" ]; then
  mkdir -p "$folder/fonts" && cd "$folder/packages"
  apt-get download -q fonts-dejavu-core fonts-liberation fonts-wqy-zenhei fonts-lobster fonts-comfortaa
  for package in fonts-*.deb; do dpkg -x "$package" "$folder/fonts"; done
fi

if [ ! -d "$folder/bpyenv" ]; then
  "$python" -m venv "$folder/bpyenv"
  "$folder/bpyenv/bin/pip" install -q bpy==4.5.15 "numpy<2" "opencv-python-headless<4.12"
fi
if [ ! -d "$folder/textures" ]; then
  mkdir -p "$folder/textures"
  for shard in "$corpus"/stills/*.tar; do tar xf "$shard" -C "$folder/textures" --wildcards '*ground_*.webp' || true; done
fi
render() { "$folder/bpyenv/bin/python" "$here/worlds.py" "$@" --textures "$folder/textures"; }
render "$folder/renders-test" 90001 60
render "$folder/renders-test" 95001 24 --people "$people"
render "$folder/renders" 1 232
render "$folder/renders" 50001 156 --people "$people"

if [ ! -d "$folder/labelenv" ]; then
  "$python" -m venv "$folder/labelenv"
  "$folder/labelenv/bin/pip" install -q onnxruntime ai-edge-litert ncnn opencv-python-headless numpy
fi
"$folder/labelenv/bin/python" "$here/label.py" "$folder" "$teachers"
"$python" "$here/index.py" "$folder"
