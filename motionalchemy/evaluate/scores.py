"""What is measured of one clip, in groups, and what each number means: the one table of metrics that reports use."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from motionalchemy.errors import InputError, MissingPart, UnknownName
from motionalchemy.evaluate import alignment, drift, fidelity, frechet, identity, movement, regions, temporal
from motionalchemy.evaluate.heldout import Case
from motionalchemy.media.clip import Clip

Scores = dict[str, float]


@dataclass(frozen=True)
class Metric:
    """How a number reads: `better` is 1 when higher is better, -1 when lower is, 0 when nearness to the truth counts; a
    ratio is shown by its median and `quartiles`, all others by a mean."""

    en: str
    zh: str
    better: int
    digits: int = 2
    quartiles: bool = False


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
    "direction": Metric("direction accuracy", "方向准确率", 1, 3),
    "subject": Metric("subject accuracy", "主体准确率", 1, 3),
    "style": Metric("style accuracy", "风格准确率", 1, 3),
    "told": Metric("moves most like the clip of its own verb, share", "运动最接近自身动词片段的比例", 1, 3),
    "told_latents": Metric("the same, in the model's latents", "同上，在模型潜空间中", 1, 3),
    "chance": Metric("the same, by chance", "同上，随机水平", 0, 3),
    "nearer": Metric(
        "moves more like its own verb's clip than another's, share of pairs",
        "运动更接近自身动词而非另一动词的片段，按对计",
        1,
        3,
    ),
    "amplitude": Metric(
        "movement over the true clip's, median [quartiles]", "运动量与真实片段之比，中位数 [四分位]", 0, quartiles=True
    ),
    "kept_psnr": Metric("PSNR where nothing should change, dB", "不应改变处的 PSNR，dB", 1, 1),
    "kept_flow": Metric("flow correlation with the source", "与原片光流相关", 1, 3),
    "landing": Metric("PSNR at the given views, dB", "给定视角处 PSNR，dB", 1, 1),
    "midway_psnr": Metric("PSNR midway between views, dB", "视角之间中点的 PSNR，dB", 1, 1),
    "midway_lpips": Metric("perceptual distance midway between views", "视角之间中点的感知距离", -1, 3),
    "seam": Metric("jump at the seam, times the usual change", "接缝跳变，为通常变化的倍数", 0, 2),
}
UNTOUCHED = 6  # grey levels: less than this in the true edit is no change
LEAST = 0.1  # share of the pixels that an edit must leave alone for them to be measured


def _fresh(clip: Clip, case: Case) -> tuple[Clip, Clip]:
    """The frames that were to be made, of the clip and of the truth: all but those given to be extended."""
    return Clip(clip.frames[case.known :], clip.fps), Clip(case.clip.frames[case.known :], clip.fps)


def _fidelity(clip: Clip, case: Case) -> Scores:
    ours, truth = _fresh(clip, case)
    found = {"psnr": fidelity.psnr(ours, truth), "ssim": fidelity.ssim(ours, truth)}
    if case.known or case.source is not None:
        return found
    first = clip.frames[0], case.clip.frames[0]
    return {"first_psnr": fidelity.psnr(*first), "first_ssim": fidelity.ssim(*first)} | found


def _perceptual(clip: Clip, case: Case) -> Scores:
    ours, theirs = (identity.sampled(c, 12) for c in _fresh(clip, case))
    return {"lpips_like": fidelity.lpips_like(ours, theirs)}


def _identity(clip: Clip, case: Case) -> Scores:
    found = identity.identity(_fresh(clip, case)[0], case.clip.frames[0], every=16)
    return {"identity": found.mean, "identity_worst": found.worst}


def _movement(clip: Clip, case: Case) -> Scores:
    ours, truth = _fresh(clip, case)
    return {
        "movement": movement.speed(ours),
        "flow_correlation": movement.flow_correlation(ours, truth),
        "frozen": movement.frozen(ours),
        "duplicates": movement.duplicates(ours),
    }


def _temporal(clip: Clip, case: Case) -> Scores:
    ours, _ = _fresh(clip, case)
    return {"warping_error": temporal.warping_error(ours), "flicker": temporal.flicker(ours)}


def _cut(clip: Clip, case: Case) -> Scores:
    return {"cut": temporal.cut(clip)}


def _drift(clip: Clip, case: Case) -> Scores:
    return {
        "histogram_drift": float(drift.histogram_curve(clip)[-1]),
        "contrast_drift": drift.drift(drift.contrast_curve(clip)),
        "sharpness_drift": drift.drift(drift.sharpness_curve(clip)),
        "returns_to_start": drift.returns_to_start(clip),
    }


def _alignment(clip: Clip, case: Case) -> Scores:
    """What the classifiers say; raises MissingPart."""
    found = {kind: alignment.correct(clip, kind, case.facts) for kind in alignment.KINDS}
    return {kind: right for kind, right in found.items() if right is not None}


def _verbs(clip: Clip, case: Case) -> Scores:
    """Whether the clip moves more like its own true clip than like those that begin alike and do something else, and how
    much it moves beside it. None of it asks a network that a judge's clips have taught."""
    true = (case.clip, *(Clip(other.frames[: len(clip)], clip.fps) for other in case.others))
    ours, theirs = movement.flows(clip), [movement.flows(one) for one in true]
    found = {"chance": 1 / len(true), "told": _told(ours, theirs)}
    if case.latents is not None:
        found["told_latents"] = _told(case.latents(clip), [case.latents(one) for one in true])
    if case.others:
        own, *others = map(movement.profile, theirs)
        found["nearer"] = movement.nearer(movement.profile(ours), own, others)
    size = movement.amplitude(ours, theirs[0])
    return found if size is None else found | {"amplitude": size}


def _told(ours: np.ndarray, theirs: Sequence[np.ndarray]) -> float:
    """1 where a movement is nearest to the first of several, by the mean square, else 0."""
    own, *apart = (float(np.square(ours - each).mean()) for each in theirs)
    return float(all(own < other for other in apart))


def _edit(clip: Clip, case: Case) -> Scores:
    """What an edit should leave alone: the movement, and the pixels that the true edit leaves alone."""
    assert case.source is not None
    source = Clip(case.source.frames[: len(clip)], clip.fps)
    found = {"kept_flow": movement.flow_correlation(clip, source)}
    changed = np.abs(case.clip.frames.astype(np.int16) - source.frames).max(axis=-1) >= UNTOUCHED
    if (~changed).mean() >= LEAST:
        found["kept_psnr"] = regions.psnr_outside(clip, source, changed)
    return found


def _views(clip: Clip, case: Case) -> Scores:
    """How exactly the views are met that are not the first frame, and what lies halfway between two."""
    truth = case.clip.frames
    landed = regions.landing(clip, {frame: truth[frame] for frame in case.at[1:]})
    midway = [(a + b) // 2 for a, b in pairwise(case.at)]
    ours, theirs = clip.frames[midway], truth[midway]
    found = {"landing": float(np.mean(list(landed.values()))), "midway_psnr": fidelity.psnr(ours, theirs)}
    return found | {"midway_lpips": fidelity.lpips_like(ours, theirs)}


def _seam(clip: Clip, case: Case) -> Scores:
    """No score where nothing but the seam moves."""
    jump = drift.seam_jump(clip, [case.known])
    return {"seam": jump} if np.isfinite(jump) else {}


Group = Callable[[Clip, Case], Scores]  # a clip as long as the case's true one, the case -> scores
GROUPS: dict[str, Group] = {
    "fidelity": _fidelity,
    "perceptual": _perceptual,
    "identity": _identity,
    "movement": _movement,
    "temporal": _temporal,
    "cut": _cut,
    "drift": _drift,
    "alignment": _alignment,
    "verbs": _verbs,
    "edit": _edit,
    "views": _views,
    "seam": _seam,
}
TASKS: dict[str, tuple[str, ...]] = {  # task -> the groups that mean something there
    "animate": ("fidelity", "perceptual", "identity", "movement", "temporal", "cut", "drift", "alignment"),
    "verbs": ("verbs", "movement", "identity", "alignment"),
    "edit": ("fidelity", "perceptual", "edit", "movement", "temporal", "alignment"),
    "act": ("fidelity", "perceptual", "identity", "movement", "alignment"),
    "orbit": ("views", "fidelity", "perceptual", "movement", "temporal", "cut"),
    "extend": ("seam", "fidelity", "perceptual", "identity", "movement", "temporal", "cut", "drift"),
}


def of_task(task: str, only: tuple[str, ...] | None = None) -> tuple[str, ...]:
    """The groups to measure in a task: its own, or of `only` those that are its own or that no task knows."""
    if only is None:
        return TASKS[task]
    known = {name for groups in TASKS.values() for name in groups}
    return tuple(name for name in only if name in TASKS[task] or name not in known)


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


def score(clip: Clip, case: Case, groups: tuple[str, ...]) -> tuple[Scores, dict[str, str]]:
    """A clip's scores against a case, and for each group that could not be measured the reason.

    When lengths differ both are cut to the shorter one. Raises UnknownName or MissingPart as `check_group`.
    """
    count = min(len(clip), len(case.clip))
    ours, truth = (Clip(c.frames[:count], c.fps) for c in (clip, case.clip))
    cut, found, absent = replace(case, clip=truth), {}, {}
    for name in groups:
        check_group(name)
        try:
            found |= GROUPS[name](ours, cut)
        except MissingPart as error:
            absent[name] = str(error)
    return found, absent


def features(clip: Clip) -> list[float]:
    """What the Fréchet distance between sets of clips stands on; raises MissingPart."""
    return [round(float(value), 5) for value in frechet.video_features(clip)]
