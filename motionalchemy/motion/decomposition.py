"""How a subject moves and how the ground behind it does, read from the displacement field of a clip.

A field says from where in the picture each pixel comes. What it says of the subject is read as one turn, scale and shift,
and what bends it besides; what it says elsewhere as the camera's movement, and what moves by itself beside that.
"""

from copy import copy

import torch
import torch.nn.functional as F
from torch import Tensor

from motionalchemy.media import pullpush
from motionalchemy.nets import camera
from motionalchemy.render.warp import SIDE, SIDES, places, sampled

SENT = 8.0  # how far to a side one goes at least that is sent there
BEND = 4.0  # by how much a place that counts half misses the subject's movement, or that of the place beside it
BENT, SURE = 8.0, 0.3  # what bends a subject is trusted half at BENT pixels, and counts from a trust of SURE on
ROUNDS = 6  # of reweighting
LEFT = 0.05  # what a place counts that shows the subject where it stood: a field may leave a piece of it there
RIGID = 0.5  # places whose weight keeps a movement from turning and growing
SEEN = 0.1  # the share of a subject that has to be in the picture to say where it goes
OWN, APART = 2.0, 0.3  # pixels, and a share of the camera's movement, by which the ground moves by itself
BESIDE = 0.1  # of the width: how far around itself a subject drags along what stands behind it
DRAGGED = 2.0, 4.0  # pixels from its own movement at which that begins to be put back, and wholly is
FAST = 6.0  # pixels from the camera's movement at which a subject has one of its own


class Decomposition:
    """A field (2, T, h, w) in pixels of a picture SIDE wide, read as two.

    That of the `subject`, which `opacity` (1, 1, H, W) shows in the picture, and that of the `ground`, both (T, 2, h, w),
    as is the `field` itself; where the subject's middle is at `home` (2,), how far right and down
    that has shifted, `shift` (T, 2), and how far besides the camera, `travelled` (T, 2).
    """

    def __init__(self, field: Tensor, opacity: Tensor):
        high, wide = field.shape[2:]
        self._place = places(high, wide)
        self._small = small = F.interpolate(opacity, (high, wide), mode="area")
        self.home = (self._place * small[0]).sum((1, 2)) / small.sum().clamp(min=1e-6)
        displaced, there, common = self._read(field)
        self.field, self._there, self._common = displaced, there, common
        calm, own = there * _calm(displaced), displaced - common
        beside = camera.length(own, 1)[:, None]
        leaves = LEFT + (1 - LEFT) * beside.square() / (beside.square() + OWN**2)
        self._steps = self._led_on(self._fitted(calm * leaves, displaced), calm * leaves, common, small)
        whole = self._from(self._place) - self._place
        self.subject = whole + _trusted(displaced - whole, calm)
        self._bends = _trusted(own, calm)  # besides the camera
        with_camera = (beside < OWN + APART * camera.length(common, 1)[:, None]) & (there < 0.1)
        self.ground = common + pullpush.pull_push(own, with_camera.float())
        self.shift, self.travelled = self._gone(self._steps, common)

    def dragged(self) -> Tensor:
        """How surely what is seen at each place, if it is not the subject, should stand where it is: because the subject
        beside it, where it is or was, brings it along, (T, 1, h, w)."""
        reach = round(BESIDE * self._small.shape[3])
        near = F.max_pool2d(torch.maximum(self._there, self._small), 2 * reach + 1, 1, reach)
        smooth = F.avg_pool2d(near, 3, 1, 1, count_include_pad=False)
        little, much = DRAGGED
        return smooth * ((camera.length(self.field - self.ground, 1)[:, None] - little) / (much - little)).clamp(0, 1)

    def stays(self) -> bool:
        """Whether the subject stays where it is."""
        return bool(self.travelled[:, 0].abs().amax() <= SENT)

    def travelled_to(self, side: str) -> float:
        """How far to a side of SIDES the subject is gone in the end, 0 for any other."""
        return SIDES.get(side, 0) * float(self.travelled[-1, 0])

    def sent_to(self, side: str, pace: float) -> "Decomposition":
        """The same, but with a subject that goes to a side of SIDES, at a pace in widths of the picture a frame, and is
        bent as it is where it stands; one that goes there as fast by itself is left alone."""
        steps, step = torch.arange(1, len(self.shift) + 1)[:, None], SIDES[side] * pace * SIDE
        if self.travelled_to(side) >= len(steps) * abs(step):
            return self
        return self._beside(steps * torch.tensor([step, 0.0]), self._bends)

    def at_rest(self) -> "Decomposition":
        """The same, but with a subject that stands as it is before the camera."""
        return self._beside(torch.zeros_like(self.shift), torch.zeros_like(self._bends))

    def _beside(self, aside: Tensor, bends: Tensor) -> "Decomposition":
        """The same, but with a subject that the camera brings along, that goes so far right and down (T, 2) besides, and
        is bent so (T, 2, h, w) where it stands."""
        split = copy(self)
        split._steps = self._upright(self._fitted(torch.ones_like(self._common[:, :1]), self._common), aside)
        bends = sampled(bends, self._place - aside[:, :, None, None], "border")
        split.subject = split._from(self._place) - self._place + bends
        split.shift, split.travelled = self._gone(split._steps, self._common)
        return split

    def with_gait(self, gait: Tensor) -> Tensor:
        """The subject's field (T, 2, h, w), bent as a field (2, T, h, w) in pixels bends it in its place."""
        displaced, _, common = self._read(gait)
        whole = self._from(self._place) - self._place
        return whole + sampled(displaced - common, self._place + whole, "border")

    def _read(self, field: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """A field (2, T, h, w) as the displacement of each place (T, 2, h, w), how much of the subject it shows
        (T, 1, h, w), and the camera's there, as all else says it (T, 2, h, w)."""
        displaced = field.transpose(0, 1)
        there = sampled(self._small.expand(len(displaced), -1, -1, -1), self._place + displaced)
        return displaced, there, camera.whole(field[None], (1 - there).transpose(0, 1)[None])[0].transpose(0, 1)

    def _from(self, place: Tensor) -> Tensor:
        """From where in the picture what the subject shows at places (2, h, w) comes in each frame, (T, 2, h, w)."""
        return torch.einsum("tnk,khw->tnhw", self._steps, self._basis(place))

    def _basis(self, place: Tensor) -> Tensor:
        """One, right and down from the picture's middle in widths, of places (2, h, w): (3, h, w)."""
        middle = self._place.mean((1, 2), keepdim=True)
        return torch.cat((torch.ones_like(place[:1]), (place - middle) / SIDE))

    def _fitted(self, counts: Tensor, displaced: Tensor) -> Tensor:
        """From where the subject comes in each frame (T, 2, 3), on `_basis`, by reweighted least squares over the places
        that count (Holland and Welsch 1977)."""
        basis = self._basis(self._place).flatten(1).T  # (h * w, 3)
        origin = (self._place + displaced).flatten(2).transpose(1, 2)  # (T, h * w, 2)
        firm = torch.diag(torch.tensor([1e-3, RIGID, RIGID]))
        like = torch.cat((self._place.mean((1, 2))[None], torch.eye(2) * SIDE))  # as the picture stands, (3, 2)
        fits = torch.ones_like(counts.flatten(1))
        for _ in range(ROUNDS):
            weighed = (counts.flatten(1) * fits)[..., None] * basis
            gram, cross = (weighed.transpose(1, 2) @ each for each in (basis, origin))
            steps = torch.linalg.solve(gram + firm, cross + firm @ like)
            fits = (1 + (camera.length(origin - basis @ steps, -1) / BEND).square()).reciprocal()
        return steps.transpose(1, 2)

    def _upright(self, steps: Tensor, aside: Tensor) -> Tensor:
        """Steps that take the subject's middle where those of the camera do, and so far right and down (T, 2) besides, and
        turn and scale it as they do, but do not slant it as ground that is passed."""
        (a, b), (c, d) = (steps[:, 0, 1:] / SIDE).unbind(1), (steps[:, 1, 1:] / SIDE).unbind(1)
        size, turn = 1 + _both(a - 1, d - 1), _both(c, -b)
        upright = torch.stack((size, -turn, turn, size), 1).view(-1, 2, 2) * SIDE
        now = self.home + self._gone(steps, self._common)[0] + aside
        begin = self.home - torch.einsum("tnk,tk->tn", upright, now - self._place.mean((1, 2))) / SIDE
        return torch.cat((begin[:, :, None], upright), 2)

    def _led_on(self, steps: Tensor, counts: Tensor, common: Tensor, small: Tensor) -> Tensor:
        """Steps of a subject that, once it has gone far, goes on as it went where hardly any of it is in the picture."""
        far = (self._gone(steps, common)[1].norm(dim=1) > FAST).tolist()
        hardly = (counts.sum((1, 2, 3)) < SEEN * small.sum()).tolist()
        for number in range(2, len(steps)):
            if hardly[number] and far[number - 1]:
                steps[number], far[number] = 2 * steps[number - 1] - steps[number - 2], True
        return steps

    def _gone(self, steps: Tensor, common: Tensor) -> tuple[Tensor, Tensor]:
        """How far right and down the subject's middle lies from where it was, and from where the camera would have brought
        it, each (T, 2)."""
        middle = self._place.mean((1, 2))
        now = torch.linalg.solve(steps[:, :, 1:] / SIDE, (self.home - steps[:, :, 0])[..., None])[..., 0] + middle
        seen = sampled(common, now[:, :, None, None], "border")[..., 0, 0]
        return now - self.home, now + seen - self.home


def _trusted(bends: Tensor, calm: Tensor) -> Tensor:
    """What bends a subject (T, 2, h, w), where it is calm (T, 1, h, w) and small, and elsewhere as it is around."""
    sure = calm / (1 + (camera.length(bends, 1)[:, None] / BENT).square()) > SURE
    return pullpush.pull_push(bends, sure.float())


def _both(one: Tensor, other: Tensor) -> Tensor:
    """Of two numbers of one sign the smaller, 0 of two that differ in it."""
    return torch.where(one * other > 0, torch.where(one.abs() < other.abs(), one, other), 0.0)


def _calm(displaced: Tensor) -> Tensor:
    """How little the field (T, 2, h, w) of each place differs from those beside it, 1 where it does not: (T, 1, h, w)."""
    steps = [
        F.pad(camera.length(displaced.diff(dim=axis), 1)[:, None], edge)
        for axis, edge in ((3, (1, 1)), (2, (0, 0, 1, 1)))
    ]
    most = torch.stack((steps[0][..., 1:], steps[0][..., :-1], steps[1][..., 1:, :], steps[1][..., :-1, :])).amax(0)
    return (1 + (most / BEND).square()).reciprocal()
