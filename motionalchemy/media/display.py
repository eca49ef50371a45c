"""Colours as files tag them (transfer function, primaries; the numbers of H.273) -> sRGB as screens show it.

What is tagged with a transfer function of BT.601, BT.709 or sRGB, or with none, is shown as it is, as players do, once its
primaries are those of BT.709. PQ and HLG (BT.2100) are shown so that their reference white of 203 cd/m2 (BT.2408) is white;
what is brighter keeps its hue and is bent to stay below it. BT.2390's own bend towards 203 cd/m2 would begin at 88 and make
a white of 230 one of 217, so ours begins at `KNEE`.
"""

from functools import lru_cache

import numpy as np

PQ, HLG = 16, 18
PLAIN = frozenset({0, 1, 2, 3, 6, 7, 11, 12, 13, 14, 15})  # transfer functions whose codes are shown as they are
WHITE = 203.0  # cd/m2
PEAK = 1000.0  # cd/m2: of the screen for which most is graded, and the nominal one of HLG
KNEE = 0.92  # of white, in light: what is above is bent, white itself to 0.96 (4 levels of 255)
ROWS = 256  # that are worked on at once
_D65, _C = (0.3127, 0.329), (0.31, 0.316)
PRIMARIES = {  # H.273, table 2: red, green, blue, white
    1: ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), _D65),
    4: ((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), _C),
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), _D65),
    6: ((0.63, 0.34), (0.31, 0.595), (0.155, 0.07), _D65),
    7: ((0.63, 0.34), (0.31, 0.595), (0.155, 0.07), _D65),
    8: ((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), _C),
    9: ((0.708, 0.292), (0.17, 0.797), (0.131, 0.046), _D65),
    10: ((1.0, 0.0), (0.0, 1.0), (0.0, 0.0), (1 / 3, 1 / 3)),
    11: ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06), (0.314, 0.351)),
    12: ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06), _D65),
    22: ((0.63, 0.34), (0.295, 0.605), (0.155, 0.077), _D65),
}
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def tags(transfer: int, primaries: int, matrix: int = 2) -> tuple[int, int]:
    """The transfer function and primaries that are meant where a file leaves one of them out."""
    if primaries not in PRIMARIES:
        primaries = 9 if matrix in (9, 10) or transfer in (PQ, HLG) else 1
    return transfer, primaries


def as_it_is(transfer: int, primaries: int) -> bool:
    """Whether codes so tagged are those of sRGB for a person who looks at them."""
    return transfer in PLAIN and primaries == 1


def to_srgb(codes: np.ndarray, transfer: int, primaries: int, top: int = 65535) -> np.ndarray:
    """RGB codes (H, W, 3) of full range, uint8, or uint16 of which `top` is the highest, -> (H, W, 3) uint8 sRGB."""
    out = np.empty(codes.shape, np.uint8)
    light, matrix, coded = _light(transfer, top), _matrix(primaries), _codes()
    for begin in range(0, len(codes), ROWS):
        part = codes[begin : begin + ROWS]
        seen = light[part if part.dtype == np.uint16 else part.astype(np.uint16) * 257]
        if transfer == HLG:  # the picture is made brighter by the power 0.2 of its luminance, BT.2100 table 5
            seen *= np.power(np.maximum(seen @ np.array([0.2627, 0.678, 0.0593], np.float32), 0), np.float32(0.2))[
                ..., None
            ]
            seen *= np.float32(PEAK / WHITE)
        if matrix is not None:
            seen = seen @ matrix
        if transfer in (PQ, HLG):
            _bend(seen)
        out[begin : begin + ROWS] = coded[(seen.clip(0, 1) * np.float32(65535) + np.float32(0.5)).astype(np.uint16)]
    return out


def _bend(seen: np.ndarray) -> None:
    """Bring what is brighter than the knee below white, hue kept; PEAK becomes white itself."""
    brightest = seen.max(-1)
    high = brightest > KNEE
    if high.any():
        over, most = (brightest[high] - KNEE) / (1 - KNEE), (PEAK / WHITE - KNEE) / (1 - KNEE)
        bent = KNEE + (1 - KNEE) * np.minimum(over * (1 + over / most**2) / (1 + over), 1)
        seen[high] *= (bent / brightest[high])[:, None]


@lru_cache(maxsize=8)
def _light(transfer: int, top: int) -> np.ndarray:
    """The light of every code of 16 bits, (65536,) float32: 1 is white; of HLG that of the scene, 1 at its peak."""
    code = np.minimum(np.arange(65536) / top, 1)
    if transfer == PQ:  # BT.2100 table 4
        power = code ** (32 / 2523)
        seen = 10000 / WHITE * (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (16384 / 2610)
    elif transfer == HLG:  # BT.2100 table 5
        seen = np.where(code <= 0.5, code**2 / 3, (np.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12)
    elif transfer in (9, 10):  # logarithmic, over a range of 2 or 2.5 decades
        seen = np.where(code > 0, 10 ** ((code - 1) * (2 if transfer == 9 else 2.5)), 0)
    elif transfer in (4, 5, 8):
        seen = code ** {4: 2.2, 5: 2.8, 8: 1.0}[transfer]
    elif transfer == 17:  # SMPTE ST 428-1
        seen = 52.37 / 48 * code**2.6
    else:
        seen = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    return seen.astype(np.float32)


@lru_cache(maxsize=1)
def _codes() -> np.ndarray:
    """The sRGB code of every light of 16 bits, (65536,) uint8."""
    light = np.arange(65536) / 65535
    return np.rint(255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)).astype(
        np.uint8
    )


@lru_cache(maxsize=4)
def _matrix(primaries: int) -> np.ndarray | None:
    """Light of some primaries times this, (3, 3), is that of BT.709; None where it is."""
    if primaries == 1:
        return None
    both = np.linalg.inv(_to_xyz(1)) @ _to_xyz(primaries)
    return both.T.astype(np.float32)


def _to_xyz(primaries: int) -> np.ndarray:
    """Light of some primaries -> XYZ, seen by an eye that is used to D65 (Bradford)."""
    *three, white = (np.array([x, y, 1 - x - y]) for x, y in PRIMARIES[primaries])
    scaled = np.stack(three, 1)
    white, d65 = white / white[1], np.array([_D65[0], _D65[1], 1 - sum(_D65)]) / _D65[1]
    whole = scaled * np.linalg.solve(scaled, white)
    adapt = np.linalg.inv(_BRADFORD) @ np.diag((_BRADFORD @ d65) / (_BRADFORD @ white)) @ _BRADFORD
    return adapt @ whole
