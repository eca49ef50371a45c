"""What was measured of the weights that ship: scores.json beside them, written by benchmarks/evaluate/nano.py --release."""

import json
from pathlib import Path
from typing import Any

from motionalchemy.errors import InputError, MotionAlchemyError
from motionalchemy.models import nano

NAME = "scores.json"


def folder(name: str) -> Path:
    """Where the weights of a nano lie: those that ship, or the folder that its name is; InputError for others."""
    if name == "nano":
        return nano.WEIGHTS
    if (Path(name) / "config.json").is_file():
        return Path(name)
    raise InputError(f"{name} is no nano: give nano or the folder of one")


def scores(name: str) -> dict[str, Any] | None:
    """The scores of a nano; None for other models, where none are there, and where they are those of other weights, not
    only stored otherwise."""
    try:
        where = folder(name)
        found = json.loads((where / NAME).read_text("utf-8"))
        return found if found["model"] in nano.fitting(nano.sum_of(where)) else None
    except (MotionAlchemyError, OSError, ValueError, KeyError, TypeError):
        return None


def summary(found: dict[str, Any]) -> str:
    """Scores in two lines, English and Chinese."""
    rows, seconds, cases = found["rows"], found["seconds"], found["cases"]
    en, zh, true = (rows[name]["verb"]["mean"] for name in ("en", "zh", "true"))
    like, apart = rows["en"]["identity"]["mean"], rows["en"]["perceptual"]["mean"]
    return (
        f"verb accuracy {en:.2f} in English, {zh:.2f} in Chinese (true clips {true:.2f}), identity {like:.3f}, perceptual "
        f"distance {apart:.3f}, {seconds:.1f} processor seconds a clip; {cases} clips\n"
        f"  动作准确率：英文 {en:.2f}，中文 {zh:.2f}（真实片段 {true:.2f}），主体一致性 {like:.3f}，感知距离 {apart:.3f}，"
        f"每段 {seconds:.1f} 处理器秒；{cases} 段"
    )
