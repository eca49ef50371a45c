"""FOLDER/index.jsonl: every picture of the scene networks with its labels, its kind and its split.

    python tools/scene/index.py FOLDER

Photographs and drawings are those of labels/; one in eight is kept back, chosen by the sum of its name. Renders are
those of renders/ (train) and renders-test/ (test).
"""

import hashlib
import json
import sys
from pathlib import Path


def main() -> None:
    folder, lines = Path(sys.argv[1]), []
    for labels in sorted((folder / "labels").glob("*.npz")):
        kept = int(hashlib.sha256(labels.stem.encode()).hexdigest(), 16) % 8 == 0
        lines.append({"picture": f"pictures/{labels.stem}.webp", "labels": f"labels/{labels.name}", "kind": "photograph",
                      "split": "test" if kept else "train"})  # fmt: skip
    for name, split in (("renders", "train"), ("renders-test", "test")):
        for labels in sorted((folder / name).glob("*.npz")):
            lines.append(
                {
                    "picture": f"{name}/{labels.stem}.png",
                    "labels": f"{name}/{labels.name}",
                    "kind": "render",
                    "split": split,
                }
            )
    (folder / "index.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    counts = {(line["kind"], line["split"]) for line in lines}
    print(
        {
            f"{kind} {split}": sum(line["kind"] == kind and line["split"] == split for line in lines)
            for kind, split in sorted(counts)
        }
    )


if __name__ == "__main__":
    main()
