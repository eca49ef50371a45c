"""What is measured of one clip, in groups, and what each number means: the one table of metrics that reports use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from motionalchemy.clip import Clip
from motionalchemy.errors import InputError, MissingPart, UnknownName
from motionalchemy.measure import alignment, drift, fidelity, frechet, identity, movement, temporal
from motionalchemy.measure.heldout import Case

Scores = dict[str, float]


@dataclass(frozen=True)
class Metric:
    """How a number reads: `better` is 1 when higher is better, -1 when lower is, 0 when nearness to the truth counts."""

    en: str
    zh: str
    better: int
    digits: int = 2


METRICS: dict[str, Metric] = {
    "first_psnr": Metric("first frame PSNR, dB", "首帧 PSNR，dB", 1, 1),
    "first_ssim": Metric("first frame SSIM", "首帧 SSIM", 1, 3),
    "psnr": Metric("PSNR to the true clip, dB", "与真实片段 PSNR，dB", 1, 1),
    "ssim": Metric("SSIM to the true clip", "与真实片段 SSIM", 1, 3),
    "lpips_like": Metric("perceptual distance to the true clip", "与真实片段感知距离", -1, 3),
    "identity": Metric("identity, mean", "主体一致性，均值", 1, 3),
    "identity_worst": Metric("identity, worst frame", "主体一致性，最差帧", 1, 3),
    "movement": Metric("movement, % of diagonal a second", "运动量，每秒对角线百分比", 0, 1),
    "flow_correlation": Metric("flow correlation with the true clip", "与真实片段光流相关", 1, 3),
    "frozen": Metric("frozen frames, share", "静止帧占比", 0, 3),
    "duplicates": Metric("duplicate frames, share", "重复帧占比", -1, 3),
    "warping_error": Metric("warping error, grey levels", "光流扭曲误差，灰度级", -1, 2),
    "flicker": Metric("flicker, grey levels", "闪烁，灰度级", -1, 2),
    "cut": Metric("probability of a cut", "镜头切换概率", -1, 3),
    "histogram_drift": Metric("colour drift", "色彩漂移", 0, 3),
    "contrast_drift": Metric("contrast drift", "对比度漂移", 0, 3),
    "sharpness_drift": Metric("sharpness drift", "清晰度漂移", 0, 3),
    "returns_to_start": Metric("returns to the start", "回到起点程度", 0, 3),
    "verb": Metric("verb accuracy", "动作准确率", 1, 3),
    "camera": Metric("camera accuracy", "镜头准确率", 1, 3),
    "subject": Metric("subject accuracy", "主体准确率", 1, 3),
}


def _fidelity(clip: Clip, truth: Clip, image: np.ndarray, facts: Mapping[str, Any]) -> Scores:
    first = {"first_psnr": fidelity.psnr(clip.frames[0], image), "first_ssim": fidelity.ssim(clip.frames[0], image)}
    return first | {"psnr": fidelity.psnr(clip, truth), "ssim": fidelity.ssim(clip, truth)}


def _perceptual(clip: Clip, truth: Clip, image: np.ndarray, facts: Mapping[str, Any]) -> Scores:
    ours, theirs = (identity.sampled(c, 12) for c in (clip, truth))
    return {"lpips_like": fidelity.lpips_like(ours, theirs)}


def _identity(clip: Clip, truth: Clip, image: np.ndarray, facts: Mapping[str, Any]) -> Scores:
    found = identity.identity(clip, image, every=16)
    return {"identity": found.mean, "identity_worst": found.worst}


def _movement(clip: Clip, truth: Clip, image: np.ndarray, facts: Mapping[str, Any]) -> Scores:
    return {
        "movement": movement.speed(clip),
        "flow_correlation": movement.flow_correlation(clip, truth),
        "frozen": movement.frozen(clip),
        "duplicates": movement.duplicates(clip),
    }


def _temporal(clip: Clip, truth: Clip, image: np.ndarray, facts: Mapping[str, Any]) -> Scores:
    return {"warping_error": temporal.warping_error(clip), "flicker": temporal.flicker(clip)}


def _cut(clip: Clip, truth: Clip, image: np.ndarray, facts: Mapping[str, Any]) -> Scores:
    return {"cut": temporal.cut(clip)}


def _drift(clip: Clip, truth: Clip, image: np.ndarray, facts: Mapping[str, Any]) -> Scores:
    return {
        "histogram_drift": float(drift.histogram_curve(clip)[-1]),
        "contrast_drift": drift.drift(drift.contrast_curve(clip)),
        "sharpness_drift": drift.drift(drift.sharpness_curve(clip)),
        "returns_to_start": drift.returns_to_start(clip),
    }


def _alignment(clip: Clip, truth: Clip, image: np.ndarray, facts: Mapping[str, Any]) -> Scores:
    found = {kind: alignment.correct(clip, kind, facts) for kind in alignment.KINDS}
    return {kind: right for kind, right in found.items() if right is not None}


Group = Callable[[Clip, Clip, np.ndarray, Mapping[str, Any]], Scores]  # clip, truth, given image, facts -> scores
GROUPS: dict[str, Group] = {
    "fidelity": _fidelity,
    "perceptual": _perceptual,
    "identity": _identity,
    "movement": _movement,
    "temporal": _temporal,
    "cut": _cut,
    "drift": _drift,
    "alignment": _alignment,
}
DEFAULT = tuple(GROUPS)


def register(group: str, function: Group, metrics: Mapping[str, Metric]) -> None:
    """Add a group of metrics of your own, such as VBench's, whose weights (DINO, CLIP, RAFT) no package carries.

    `function` returns the scores that `metrics` describes. Raises InputError when a name is taken.
    """
    taken = sorted({group} & GROUPS.keys() | metrics.keys() & METRICS.keys())
    if taken:
        raise InputError(f"{', '.join(taken)} is there already: choose another name")
    GROUPS[group] = function
    METRICS.update(metrics)


def check_group(name: str) -> None:
    """Raise UnknownName for a group that is not in GROUPS, MissingPart for `vbench` unless it was registered."""
    if name == "vbench" and name not in GROUPS:
        raise MissingPart("VBench's metrics need weights that no package carries: bring them with scores.register")
    if name not in GROUPS:
        raise UnknownName("metric group", name, GROUPS)


def score(clip: Clip, case: Case, groups: tuple[str, ...] = DEFAULT) -> tuple[Scores, dict[str, str]]:
    """A clip's scores against a case, and for each group that could not be measured the reason.

    When lengths differ both are cut to the shorter one. Raises UnknownName or MissingPart as `check_group`.
    """
    count = min(len(clip), len(case.clip))
    ours, truth = (Clip(c.frames[:count], c.fps) for c in (clip, case.clip))
    found, absent = {}, {}
    for name in groups:
        check_group(name)
        try:
            found |= GROUPS[name](ours, truth, case.clip.frames[0], case.facts)
        except MissingPart as error:
            absent[name] = str(error)
    return found, absent


def features(clip: Clip) -> list[float] | None:
    """What the Fréchet distance between sets of clips stands on, None without the extra."""
    try:
        return [round(float(value), 5) for value in frechet.video_features(clip)]
    except MissingPart:
        return None
