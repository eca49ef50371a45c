"""FOLDER/index.jsonl: every picture of the scene networks with its labels, kind and split; credits.csv: whose they are.

    python tools/scene/index.py FOLDER

Photographs and drawings are those of labels/; one in eight is kept back, chosen by the sum of its name. Renders are those
of renders/ (train) and renders-test/ (test). Drawings that were cut out are credited too.
"""

import csv
import hashlib
import json
import sys
from pathlib import Path


def main() -> None:
    folder, lines = Path(sys.argv[1]), []
    for labels in sorted((folder / "labels").glob("*.npz")):
        kept = int(hashlib.sha256(labels.stem.encode()).hexdigest(), 16) % 8 == 0
        entry = {"picture": f"pictures/{labels.stem}.webp", "labels": f"labels/{labels.name}", "kind": "photograph"}
        lines.append(entry | {"split": "test" if kept else "train"})
    use = {Path(line["picture"]).name: line["split"] for line in lines}
    use |= {f"gcompris_lang_words_sample_{p.stem[6:]}.webp": "cut out" for p in folder.glob("cutouts/*/drawn-*.webp")}
    for name, split in (("renders", "train"), ("renders-test", "test")):
        for labels in sorted((folder / name).glob("*.npz")):
            entry = {"picture": f"{name}/{labels.stem}.png", "labels": f"{name}/{labels.name}", "kind": "render"}
            lines.append(entry | {"split": split})
    (folder / "index.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with (folder / "pictures.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["picture"] in use]
    with (folder / "credits.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("picture", "source", "author", "licence", "used as"))
        writer.writerows((*row.values(), use[row["picture"]]) for row in rows)
    for kind, split in sorted({(line["kind"], line["split"]) for line in lines}):
        print(kind, split, sum(line["kind"] == kind and line["split"] == split for line in lines))


if __name__ == "__main__":
    main()
