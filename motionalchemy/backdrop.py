"""What stands behind the subject of a clip, put together from all frames that show any of it.

The mean of what the camera saw of every place, where the masks leave it free; what was never seen is filled smoothly from
around it. Told from that, a subject has its outline: a network that looks at single small pictures loses what is thin.
"""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from motionalchemy import behind, transfer
from motionalchemy.behind import Camera, Matrix

MARGIN = 0.5  # of the frame's sides: how far beyond the first frame a backdrop reaches
FREE = 0.99  # the share of a pixel that has to be free for its colour to count
AROUND = 0.06  # of the shorter side: how far from a mask a colour has to lie to be the backdrop's
REACH = 0.35  # of the shorter side: how far from a mask the rest of its subject may lie
NEARBY = 0.06  # of the shorter side: from how far colours tell how varied a place is that was never seen
DIFFERENT, DOUBTS = 24.0, 3.0  # of 255: how far from its backdrop a subject's colour lies, and that in deviations of it
CLEARLY, PIECE = 1.5, 0.0005  # so much farther lies what touches no mask, and of the picture it is at least this share
GUESSED = 2.0  # how much less a filled colour is trusted than its surroundings vary
ALIKE, STEADY = 8.0, 4.0  # of 255: what lies so near to a backdrop that deviates less than this is the backdrop
STRANGE = 1.5  # deviations of a colour from those of the other frames beyond which it is another thing's
BETTER = 0.35  # of the error of mirroring, that leading edges may make to be preferred: it has no texture
ENDS = 0.12  # of the width: how near to the picture's end what is mirrored fades out
LITTLE = 0.02  # the weight of what is mirrored below which it fades out
SOFT = 0.008  # of the width: how softly a guess begins
STEEP = 4  # how fast a filled place of one picture goes over from what lies to its left to what lies to its right
SHADED, COLOURED = 0.45, 0.12  # a shadow leaves of every colour at least this share, and of all nearly the same


class Backdrop:
    """Colours summed up in the pixels of the frame that a camera sees from `origin`, with a margin around it, in shares of
    its sides."""

    def __init__(self, height: int, width: int, origin: Matrix, margin: float = MARGIN):
        self.size = height, width
        down, across = round(margin * height), round(margin * width)
        self._from = np.linalg.inv(behind.square(origin))
        self._margin = np.array([[1.0, 0, across], [0, 1, down], [0, 0, 1]])
        shape = height + 2 * down, width + 2 * across
        self._sum, self._squares = np.zeros((*shape, 3), np.float32), np.zeros((*shape, 3), np.float32)
        self._seen = np.zeros((*shape, 1), np.float32)

    def reaches(self, matrix: Matrix) -> bool:
        """Whether it holds all that a camera sees from `matrix`."""
        height, width = self.size
        corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], float).T
        there = (np.linalg.inv(self._to(matrix)) @ corners)[:2]
        bounds = np.array(self._seen.shape[1::-1])[:, None]
        return bool((there >= 0).all() and (there <= bounds).all())

    def add(self, frames: np.ndarray, masks: np.ndarray, seen: Sequence[Matrix]) -> None:
        """Frames (T, H, W, 3) uint8 `seen` from there, their subject 1 in the masks (T, h, w)."""
        for frame, mask, matrix in zip(frames, masks, seen, strict=True):
            self._add(frame, mask, matrix)

    def _add(self, frame: np.ndarray, mask: np.ndarray, matrix: Matrix) -> None:
        import cv2

        height, width = self.size
        free = cv2.resize((mask < 0.5).astype(np.float32), (width, height))
        back, shape = np.linalg.inv(self._to(matrix))[:2], self._seen.shape[1::-1]
        counts = (cv2.warpAffine(free, back, shape) > FREE)[..., None]
        there = cv2.warpAffine(frame, back, shape, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
        self._sum += counts * there
        self._squares += counts * there**2
        self._seen += counts

    def filled(self) -> tuple[np.ndarray, np.ndarray]:
        """The backdrop (h, w, 3) uint8 without a hole, and how far its colours may be wrong (h, w) of 255."""
        count, known = np.maximum(self._seen, 1), self._seen[..., 0] > 0
        mean = self._sum / count
        doubt = np.sqrt(np.maximum(self._squares / count - mean**2, 0).max(-1))
        rows, columns = (np.flatnonzero(known.any(axis)) for axis in (1, 0))
        picture = mean.round().astype(np.uint8)
        if not len(rows):
            return picture, np.full_like(doubt, 255)
        box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        colours, sure = (torch.from_numpy(x[box]).permute(2, 0, 1)[None] for x in (mean, known[..., None]))
        led = transfer.filled(colours, sure.float())[0].permute(1, 2, 0).numpy()
        picture[box] = np.where(known[box][..., None], picture[box], led.round().clip(0, 255))
        guess = GUESSED * _varied(mean.mean(-1), known, min(self.size))
        return picture, np.where(known, doubt, guess).astype(np.float32)

    def seen(self, picture: np.ndarray, matrix: Matrix) -> np.ndarray:
        """What `filled` gave as the camera sees it from `matrix`, at the size of a frame."""
        import cv2

        return cv2.warpAffine(picture, self._to(matrix)[:2], self.size[::-1], borderMode=cv2.BORDER_REPLICATE)

    def _to(self, matrix: Matrix) -> np.ndarray:
        """From its own pixels to those of the frame that is seen from `matrix`."""
        pixels = behind.pixels(behind.square(matrix) @ self._from, *self.size)
        return pixels @ np.linalg.inv(self._margin)


def hidden(frames: np.ndarray, masks: np.ndarray, seen: Sequence[Matrix]) -> np.ndarray:
    """Masks (T, H, W) of all that is not the backdrop of frames (T, H, W, 3) uint8 `seen` from there: what lies near given
    masks (T, h, w), and what differs from what other frames show in its place."""
    import cv2

    wide, (height, width) = within(masks, AROUND), frames.shape[1:3]
    first = Backdrop(height, width, seen[0], MARGIN * _moved(seen))
    first.add(frames, wide, seen)
    picture, doubt = first.filled()
    made = []
    for frame, mask, matrix in zip(frames, wide, seen, strict=True):
        there, wrong = first.seen(picture, matrix), first.seen(doubt, matrix)
        strange = cv2.absdiff(frame, there).max(-1) > ALIKE + STRANGE * wrong
        made.append((cv2.resize(mask, (width, height)) > 0.5) | strange)
    return np.stack(made).astype(np.float32)


def outlined(frames: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Masks (T, h, w) of the subject of frames (T, h, w, 3) uint8, their outlines found again by what differs from the
    backdrop: what hangs together with a mask, or before a camera that stands still clearly differs, and is no shadow, is
    added, what does not differ is taken away."""
    height, width = frames.shape[1:3]
    camera = Camera()
    camera.follow(0, frames, 1 - within(masks, AROUND))
    seen = [camera.seen[number] for number in range(len(frames))]
    backdrop = Backdrop(height, width, seen[0], MARGIN * _moved(seen))
    backdrop.add(frames, hidden(frames, masks, seen), seen)
    picture, doubt = backdrop.filled()
    near, made, still = within(masks, REACH), [], not _moved(seen)
    for number, (frame, mask) in enumerate(zip(frames, masks, strict=True)):
        there, wrong = (backdrop.seen(of, seen[number]) for of in (picture, doubt))
        made.append(
            _told(frame.astype(np.float32), there.astype(np.float32), wrong, mask > 0.5, near[number] > 0.5, still)
        )
    return np.stack(made).astype(np.float32)


def _told(
    frame: np.ndarray, there: np.ndarray, doubt: np.ndarray, mask: np.ndarray, near: np.ndarray, pieces: bool
) -> np.ndarray:
    """The subject (h, w) of a frame before its backdrop, beginning with a mask and no farther than `near` says, with or
    without `pieces` that do not touch it."""
    import cv2

    apart = cv2.GaussianBlur(np.abs(frame - there).max(-1), (3, 3), 0)
    least = DIFFERENT + DOUBTS * doubt
    other = (apart > least) & near & ~(_shaded(frame, there) & ~mask)
    _, parts = cv2.connectedComponents((mask | other).astype(np.uint8))
    sizes = np.bincount(parts[other & (apart > CLEARLY * least) & pieces], minlength=parts.max() + 1)
    sizes[np.unique(parts[mask])] = parts.size
    whole = (sizes[parts] > PIECE * parts.size) & (parts > 0)
    return whole & ~_without_specks((apart < ALIKE) & (doubt < STEADY))


def _moved(seen: Sequence[Matrix]) -> bool:
    return any(not np.array_equal(matrix, seen[0]) for matrix in seen)


def _shaded(frame: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Where a frame is its backdrop, but darker: in a shadow."""
    share = (frame + 4) / (there + 4)
    left = share.mean(-1)
    return _without_specks((left < 1) & (left > SHADED) & (share.max(-1) - share.min(-1) < COLOURED))


def _without_specks(mask: np.ndarray) -> np.ndarray:
    import cv2

    return cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)).astype(bool)


def within(masks: np.ndarray, share: float) -> np.ndarray:
    """Masks (T, h, w) widened by a share of the shorter side."""
    import cv2

    reach = share * min(masks.shape[1:])
    far = [cv2.distanceTransform((mask < 0.5).astype(np.uint8), cv2.DIST_L2, 5) for mask in masks]
    return (np.stack(far) <= reach).astype(np.float32)


def _varied(grey: np.ndarray, known: np.ndarray, side: int) -> np.ndarray:
    """How far the brightness that is known around every pixel deviates; 255 where nothing is."""
    import cv2

    reach = (2 * round(NEARBY * side) + 1,) * 2
    weight = known.astype(np.float32)
    share = cv2.blur(weight, reach)
    mean, square = (cv2.blur(of * weight, reach) / np.maximum(share, 1e-3) for of in (grey, grey**2))
    return np.where(share < 1e-3, 255, np.sqrt(np.maximum(square - mean**2, 0)))


def guessed(picture: Tensor, hidden: Tensor) -> Tensor:
    """A picture (1, 3, H, W) whose `hidden` places (1, 1, H, W) are guessed from what lies to both sides of them, or by
    leading edges into them: in the way that guesses better what lies around them, too."""
    if not bool(hidden.any()):
        return picture
    reach = max(1, round(AROUND / 2 * picture.shape[3]))
    more = F.max_pool2d(hidden.float(), 2 * reach + 1, 1, reach) > 0
    tried = (more & ~hidden).expand_as(picture)
    wrong = [float((way(picture, more) - picture)[tried].square().mean()) for way in (_mirrored, _led)]
    return (_led if wrong[1] < BETTER * wrong[0] else _mirrored)(picture, hidden)


def _led(picture: Tensor, hidden: Tensor) -> Tensor:
    """Edges led into what is hidden (Telea 2004)."""
    import cv2

    seen = (picture[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    found = cv2.inpaint(seen, hidden[0, 0].numpy().astype(np.uint8), 5, cv2.INPAINT_TELEA)
    return torch.where(hidden, torch.from_numpy(found).permute(2, 0, 1)[None].float() / 255, picture)


def _mirrored(picture: Tensor, hidden: Tensor) -> Tensor:
    """What lies to both sides of what is hidden, mirrored there and evened out, so that a horizon goes on and so does a
    texture; a little softly, so that no edge of it shows."""
    columns = hidden[0, 0].any(0).nonzero().flatten()
    known, width = (~hidden).float(), picture.shape[3]
    smooth, seen = _smooth(picture, known), picture
    picture = picture - smooth
    low, high = int(columns[0]), int(columns[-1]) + 1
    x = torch.arange(width)
    left, right = 2 * low - 1 - x, 2 * high - 1 - x
    share = ((x - low + 0.5) / (high - low)).clamp(0, 1)
    there = [((inside + 1) / (ENDS * width)).clamp(0, 1) for inside in (left, width - 1 - right)]
    weights = (1 - share) ** STEEP * there[0], share**STEEP * there[1]
    total = weights[0] + weights[1]
    sides = [picture[..., at.clamp(0, width - 1)] * weight for at, weight in zip((left, right), weights, strict=True)]
    across = _across(picture, known)
    mirrored = torch.lerp(across, (sides[0] + sides[1]) / total.clamp(min=1e-6), (total / LITTLE).clamp(0, 1))
    mirrored = torch.where((x >= low) & (x < high), mirrored, picture)
    evened = mirrored + _across(picture - mirrored, known)
    evened = evened + transfer.filled((picture - evened) * known, known)
    size = 2 * round(SOFT * width) + 1
    wide = F.max_pool2d(hidden.float(), size, 1, size // 2)
    soft = torch.maximum(F.avg_pool2d(wide, size, 1, size // 2, count_include_pad=False), hidden.float())
    return torch.lerp(seen, (evened + smooth).clamp(0, 1), soft)


def _smooth(picture: Tensor, known: Tensor) -> Tensor:
    """The quadratic colours (1, 3, H, W) nearest to what is known of a picture, as those of a plain backdrop."""
    height, width = picture.shape[2:]
    down, across = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij")
    basis = torch.stack((torch.ones_like(down), across, down, across * across, across * down, down * down)).flatten(1)
    weighed = basis * known.flatten()
    gram = weighed @ basis.T + 1e-3 * torch.eye(len(basis))
    return (torch.linalg.solve(gram, weighed @ picture[0].flatten(1).T).T @ basis).view_as(picture)


def _across(picture: Tensor, known: Tensor) -> Tensor:
    """A picture (1, n, H, W) whose unknown places come from their own row, or where nothing of it is known from around."""
    rows = transfer.filled(picture.permute(2, 1, 0, 3), known.permute(2, 1, 0, 3)).permute(2, 1, 0, 3)
    return torch.where(known.amax(3, keepdim=True) > 0, rows, transfer.filled(picture, known))
