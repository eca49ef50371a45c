"""What ships with the weights: scores.json beside them, and the part of the model card that is written from it."""

import re
import shutil
from pathlib import Path
from typing import Any

from motionalchemy.errors import InputError
from motionalchemy.evaluate.rows import ENGLISH, MANDARIN, STILL, TRUTH
from motionalchemy.models import nano
from motionalchemy.models import scores as models_scores
from motionalchemy.nets import pack
from nano_tables.figures import Record, mean, seconds
from nano_tables.markdown import cell, short
from nano_tables.sheets import worst

ROOT = Path(__file__).parents[3]
PAGES = {"en": ROOT / "docs/models.md", "zh": ROOT / "docs/models.zh-CN.md"}
PICTURE = ROOT / "docs/pictures/failures.png"
BLOCK = re.compile(r"(<!-- scores of nano -->\n).*?(<!-- end -->)", re.DOTALL)
ROWS = {"en": ENGLISH, "zh": MANDARIN, "still": STILL, "true": TRUTH}
NAMES = {
    "en": ("verb accuracy", "identity", "perceptual distance to the true clip"),
    "zh": ("动作准确率", "主体一致性", "与真实片段的感知距离"),
}
HEADS = {
    "en": ("", "English", "Chinese", "still picture", "true clip"),
    "zh": ("", "英文", "中文", "静止图像", "真实片段"),
}
SAID = {
    "en": "Weights {model}, {cases} clips of the test split at {size} pixels, seed {seed}, 95 % intervals; {seconds} "
    "processor seconds to make a clip, loading not counted (median). `{command}`.",
    "zh": "权重 {model}，测试集 {cases} 段，{size} 像素，种子 {seed}，95 % 区间；生成一段用 {seconds} 处理器秒，"
    "不含加载（中位数）。`{command}`。",
}
SEEN = {"en": "{word}, seen as {seen}", "zh": "{word}，被认作 {seen}"}


def scores(records: list[Record], run: dict[str, Any]) -> dict[str, Any]:
    """The scores of the verbs run as scores.json holds them; raises InputError unless both languages were asked."""
    kept = {name: [r for r in records if (r["part"], r["row"]) == ("verbs", row)] for name, row in ROWS.items()}
    if not all(kept.values()):
        raise InputError("a release needs the verbs in both languages: measure --part verbs, words or all")
    metrics = {"verb": "right", "identity": "identity", "perceptual": "lpips_like"}
    rows = {name: {metric: mean(found, score) for metric, score in metrics.items()} for name, found in kept.items()}
    failed = [{"asked": r["prompts"], "word": r["word"], "seen": r["said"]} for r in worst(records)]
    about = {"model": run["sha256"], "command": run["command"], "split": "test", "cases": len(kept["en"])}
    return about | {
        "seed": run["seed"],
        "size": run["size"],
        "seconds": seconds(kept["en"]),
        "rows": rows,
        "failures": failed,
    }


def write(records: list[Record], run: dict[str, Any], sheet: Path | None, folder: Path) -> Path:
    """Write scores.json beside the weights, the failures to the pictures of the docs, and both pages of the card."""
    found = scores(records, run)
    if found["model"] != nano.sum_of(folder):
        raise InputError(f"this run measured other weights than those in {folder}: measure these")
    pages = {language: _page(path, language, found) for language, path in PAGES.items()}
    pack.write_json(folder / models_scores.NAME, found)
    if sheet is not None:
        shutil.copyfile(sheet, PICTURE)
    for language, path in PAGES.items():
        path.write_text(pages[language], "utf-8")
    return folder / models_scores.NAME


def _page(path: Path, language: str, found: dict[str, Any]) -> str:
    text, count = BLOCK.subn(lambda m: m[1] + block(found, language) + m[2], path.read_text("utf-8"))
    if count != 1:
        raise InputError(f"{path} has {count} places for the scores of nano: it needs one, between the two comments")
    return text


def block(found: dict[str, Any], language: str) -> str:
    """The scores and the failures as Markdown."""
    names, rows = NAMES[language], found["rows"]
    lines = [f"| {' | '.join(HEADS[language])} |", "|---|---|---|---|---|"]
    for metric, name, digits in zip(("verb", "identity", "perceptual"), names, (2, 3, 3), strict=False):
        lines.append(f"| {name} | {' | '.join(cell(rows[row][metric], digits) for row in ROWS)} |")
    said = SAID[language].format(**found | {"model": short(found["model"]), "seconds": f"{found['seconds']:.2f}"})
    lines += ["", said, ""]
    for number, one in enumerate(found["failures"], start=1):
        asked = one["asked"]["en"] if language == "en" else f"{one['asked']['en']} · {one['asked']['zh']}"
        lines.append(f"{number}. {asked} ({SEEN[language].format(**one)})")
    return "\n".join(lines).rstrip() + "\n"
