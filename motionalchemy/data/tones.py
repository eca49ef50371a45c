"""Light and colour of a whole picture (T, 3, H, W) in [0, 1], as a person would have them changed, in both languages."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from motionalchemy.nets.brush import blurred, grey


@dataclass(frozen=True)
class Tone:
    """One change, the sentences that ask for it, and what it does."""

    english: tuple[str, ...]
    chinese: tuple[str, ...]
    change: Callable[[Tensor], Tensor]


def toned(clip: Tensor, name: str) -> Tensor:
    """(T, 3, H, W) in [0, 1] with one of TONES, same shape and range."""
    return TONES[name].change(clip).clamp(0, 1)


def _scaled(*rgb: float) -> Callable[[Tensor], Tensor]:
    return lambda clip: clip * clip.new_tensor(rgb).view(1, 3, 1, 1)


def _mixed(colour: float, contrast: float, light: float = 0.0) -> Callable[[Tensor], Tensor]:
    """Colours and contrast so many times as strong, and lighter by a share of white."""

    def change(clip: Tensor) -> Tensor:
        still = grey(clip)
        return (still + (clip - still) * colour - 0.5) * contrast + 0.5 + light

    return change


def _sepia(clip: Tensor) -> Tensor:
    paper, dye = (clip.new_tensor(rgb).view(1, 3, 1, 1) for rgb in ((1.07, 0.94, 0.72), (0.06, 0.03, 0.0)))
    return grey(clip) * paper + dye


TONES = {
    "brighter": Tone(
        ("make it brighter", "brighten the picture", "lighter", "increase the brightness"),
        ("让画面更亮", "调亮一点", "提高亮度", "把画面变亮"),
        lambda clip: clip.clamp(min=1e-4).pow(0.7) * 1.04,
    ),
    "darker": Tone(
        ("make it darker", "darken the picture", "lower the brightness", "less light"),
        ("让画面更暗", "调暗一点", "降低亮度", "把画面变暗"),
        lambda clip: clip.clamp(min=1e-4).pow(1.4) * 0.85,
    ),
    "warmer": Tone(
        ("make the colours warmer", "warm light", "a warmer picture"),
        ("让色调更暖", "暖色调", "调成暖色"),
        _scaled(1.12, 1.0, 0.8),
    ),
    "cooler": Tone(
        ("make the colours cooler", "cold light", "a colder, bluish picture"),
        ("让色调更冷", "冷色调", "调成冷色"),
        _scaled(0.84, 0.98, 1.14),
    ),
    "vivid": Tone(
        ("make the colours more vivid", "more saturated colours", "more colourful"),
        ("让颜色更鲜艳", "提高饱和度", "色彩更丰富"),
        _mixed(1.6, 1.05),
    ),
    "faded": Tone(
        ("make the colours fade", "less saturated colours", "a faded old photo"),
        ("让颜色褪去一些", "降低饱和度", "褪色的老照片"),
        _mixed(0.45, 0.8, 0.05),
    ),
    "contrast": Tone(
        ("more contrast", "increase the contrast", "make it more contrasty"),
        ("提高对比度", "增加对比度", "让明暗更分明"),
        _mixed(1.05, 1.4),
    ),
    "flat": Tone(
        ("less contrast", "lower the contrast", "make it softer and paler"),
        ("降低对比度", "减少对比度", "让画面柔和一些"),
        _mixed(0.95, 0.65, 0.03),
    ),
    "sepia": Tone(
        ("sepia", "make it sepia like an old photograph", "an old brown photograph"),
        ("怀旧的棕褐色", "变成老照片的棕色", "复古棕色调"),
        _sepia,
    ),
    "blurred": Tone(
        ("blur it", "make it blurry", "out of focus"),
        ("把画面变模糊", "模糊一点", "虚化画面"),
        lambda clip: blurred(clip, 2),
    ),
    "sharp": Tone(
        ("sharpen it", "make it sharper", "crisper details"),
        ("锐化画面", "让画面更清晰", "清晰一点"),
        lambda clip: clip + 1.2 * (clip - blurred(clip, 1)),
    ),
}
