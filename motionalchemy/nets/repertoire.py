"""Actions as they were seen: how subjects of the training corpus move, retrieved by what is asked and by their outline.

A flow that saw an action a few dozen times knows the mean of them, and the mean of two falls is no fall. So what was
seen is kept, and carried over to the subject of a picture that stands alike (retrieval-augmented synthesis: 2204.11824
of pictures, 2304.01116 of movement). Nothing of how those subjects look is kept but their outlines in their first
frames.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from motionalchemy.nets import outline
from motionalchemy.nets.motion import MotionAutoencoder
from motionalchemy.nets.outline import Outline, laid_over, likeness, strain
from motionalchemy.nets.rigid import stiffened

CANVAS, RATE = 128, 24.0  # pixels a side of the canvas on which a movement was seen, and its frames a second
NEARLY = 0.3  # of the action most asked for, from which another is looked for, too
POOL = 48  # how many outlines that are alike are laid over the picture's
TRIED = 20  # and of how many of these the movement is carried over
ALIKE = 0.6  # what an outline laid over another has to share with it
BENDS, STRAINS = 0.05, 0.03  # of likeness, that the bends of a warp and the strains of a movement cost
AGREES = 0.35  # of likeness, that to move as it was guessed counts
LEAVES = 0.5  # of likeness, that it costs to go out of the picture as a whole
ODD = 0.2  # of likeness, that e times as much movement as is usual costs, or so much less
CHANCE = 0.02  # of likeness, that other noise counts
LOOP = 6  # frames that a movement needs at least to begin again
SEAM = 0.02  # of how unlike frames are on average: what cannot be told apart
ENDS = {"fall", "getup_facedown", "getup_faceup"}  # actions after which there is nothing more to do
GOING = 3.0  # frames: how far a movement goes in so many counts as much as where it is
LED = 12  # frames over which one movement is led over to another
KEPT = {
    "ride_walk": 0.53, "ride_run": 0.55, "weapon:bow": 0.65, "gallop": 0.66, "dance_a": 0.71, "mocap_run": 0.72,
    "run": 0.74, "chop": 0.74, "mocap_walk": 0.77, "swim": 0.77, "backflip": 0.8, "cheer": 0.82, "hoe": 0.83, "jog": 0.85,
    "walk": 0.86, "weapon:spear": 0.86, "weapon:sword": 0.87, "punch": 0.87, "weapon:other": 0.88, "dance_b": 0.89,
}  # fmt: skip
"""What is left of the movement of an action, in the median, when train clips are moved by what was kept of them (1531
clips, mean length of DIS flow over that of the clip itself); what is not named keeps nine tenths or more, or was measured
on fewer than ten clips."""
SWING = 6  # frames before and after: in a mean over so many no limb swings
ENDINGS = (
    (0, slice(1, SWING + 1)),
    (-1, slice(-SWING - 1, -1)),
)  # beyond which a movement goes on, turned about its end
ROUNDS = 3  # of finding where in the frame 0 of a picture a place comes from


@dataclass(frozen=True)
class RepertoireConfig:
    """The actions it knows (`deeds`), how many `clips` of them, in how many `places` of latents together; and their
    shape: `moves` channels, `groups` of frames, `side` x `side` places."""

    deeds: list[str]
    clips: int
    places: int
    moves: int = 24
    groups: int = 6
    side: int = 8


@dataclass(frozen=True, eq=False)
class Match:
    """A clip that was kept, whether it is seen in a mirror, and the warp (2, n, n) that lays its outline over another;
    how alike they are then, less what that bends."""

    number: int
    mirrored: bool
    warp: Tensor
    worth: float


class Repertoire(nn.Module):
    """Movements, as latents of a `MotionAutoencoder` in 8 bits where a subject is or comes to be, and outlines."""

    def __init__(self, config: RepertoireConfig):
        super().__init__()
        self.config, n = config, config.clips
        self.deed: Tensor  # (n,) numbers of actions; the name is that of the packs, as is the one in the config
        self.shape: Tensor  # (n, SIDE, SIDE), shares of 255
        self.frame: Tensor  # (n, 3): where the middle of an outline lies, right and down, and its size, of the canvas
        self.span: Tensor  # (n, 4): the first row and column that is kept, and one past the last
        self.unit: Tensor  # (n, moves): what 1 of `latents` counts
        self.latents: Tensor  # (places, moves), of each clip its groups, rows and columns in order
        self.register_buffer("deed", torch.zeros(n, dtype=torch.uint8))
        self.register_buffer("shape", torch.zeros(n, outline.SIDE, outline.SIDE, dtype=torch.uint8))
        self.register_buffer("frame", torch.zeros(n, 3))
        self.register_buffer("span", torch.zeros(n, 4, dtype=torch.uint8))
        self.register_buffer("unit", torch.ones(n, config.moves))
        self.register_buffer("latents", torch.zeros(config.places, config.moves, dtype=torch.int8))

    def found(self, asked: Mapping[str, float], own: Outline) -> list[Match]:
        """Clips of the actions that are asked for, each by its share, whose outlines can be laid over the `own` of a
        subject: those first that need the least bending."""
        least = max(NEARLY * max(asked.values(), default=0.0), 1e-6)
        wanted = [number for number, action in enumerate(self.config.deeds) if asked.get(action, 0.0) >= least]
        rows = torch.isin(self.deed.int(), torch.tensor(wanted, dtype=torch.int)).nonzero().flatten()
        if not len(rows):
            return []
        shapes = self.shape[rows].float() / 255
        both = torch.cat((shapes, shapes.flip(-1)))
        near = likeness(both, own.shape).argsort(descending=True)[:POOL]
        warps, alike, bends = laid_over(both[near], own.shape)
        worth = alike - BENDS * bends
        found = [
            Match(int(rows[int(near[i]) % len(rows)]), int(near[i]) >= len(rows), warps[i], float(worth[i]))
            for i in worth.argsort(descending=True).tolist()
            if alike[i] >= ALIKE
        ]
        return found[:TRIED]

    def carried(self, match: Match, own: Outline, size: tuple[int, int], codec: MotionAutoencoder) -> Tensor:
        """How a subject with that outline does the same in a picture of `size` cells: from how far away in it each
        place comes, (2, T, h, w) in its widths."""
        field = self._movement(match.number, codec)
        x, y, extent = self.frame[match.number].tolist()
        grows, turn = own.size / extent, torch.tensor([-1.0 if match.mirrored else 1.0, 1.0]).view(2, 1, 1)
        there, here = torch.tensor([x, y]).view(2, 1, 1), own.middle.view(2, 1, 1)
        high, wide = size
        cells = [(torch.arange(n) + 0.5) / wide for n in (wide, high)]
        place = torch.stack(torch.meshgrid(*cells, indexing="xy"))
        bent = match.warp * (outline.REACH * own.size / outline.SIDE)
        found = torch.zeros(len(field), 2, high, wide)
        for _ in range(ROUNDS):
            was = (place + found - here) * (2 / (outline.REACH * own.size))
            aside = _at(bent.expand(len(field), -1, -1, -1), was)
            found = _at(field, ((place + aside - here) / grows * turn + there) * 2 - 1) * grows * turn
        return found.transpose(0, 1)

    def likely(
        self,
        asked: Mapping[str, float],
        opacity: Tensor,
        guess: Tensor,
        fps: float,
        codec: MotionAutoencoder,
        seed: int,
    ) -> Iterator[tuple[Tensor, bool]]:
        """How the subject of a picture, which `opacity` (H, W) shows, may do what is asked, and whether it is done with
        it then: movements like a `guess` at it (2, T, h, w), in widths of the picture, and as rigid as they can be.
        Those come first whose clips stand most alike, that strain it least, that agree most with the guess, and that
        move it neither much less nor much more than most of them do; `seed` decides near ties."""
        own, size = outline.outlined(opacity), (guess.shape[2], guess.shape[3])
        if own is None:
            return
        small = F.interpolate(opacity[None, None].float(), size, mode="area")[0, 0]
        ranked, chance = list[tuple[float, float, Tensor, bool]](), torch.Generator().manual_seed(seed % 2**63)
        for match in self.found(asked, own):
            action = self.config.deeds[int(self.deed[match.number])]
            ends, whole = action in ENDS, swung(self.carried(match, own, size, codec), 1 / KEPT.get(action, 1.0))
            field = paced(whole, fps, guess.shape[1] + 1, ends)
            luck = CHANCE * float(torch.randn((), generator=chance))
            agrees = AGREES * float(F.cosine_similarity(field.flatten(), guess.flatten(), 0))
            harms = STRAINS * strain(field * size[1], small) + LEAVES * _leaves(field, small)
            worth = match.worth - harms + agrees + luck
            ranked.append((worth, _speed(field, small), field, ends))
        usual = median(speed for _, speed, _, _ in ranked) if ranked else 0.0
        for _, _, field, ends in sorted(ranked, key=lambda each: ODD * abs(each[1] - usual) - each[0]):
            yield stiffened(field * size[1], small) / size[1], ends

    def _movement(self, number: int, codec: MotionAutoencoder) -> Tensor:
        """How a clip moves, (T, 2, h, w) in widths of its canvas; beyond what is kept as at its edge."""
        top, left, low, right = self.span[number].tolist()
        sizes = (self.span[:, 2:].int() - self.span[:, :2].int()).prod(1) * self.config.groups
        begin = int(sizes[:number].sum())
        rows = self.latents[begin : begin + int(sizes[number])].float() * self.unit[number]
        kept = rows.view(self.config.groups, low - top, right - left, -1).permute(3, 0, 1, 2)
        edges = (left, self.config.side - right, top, self.config.side - low)
        whole = F.pad(kept, edges, mode="replicate")
        rest = codec.config.grid.channels - self.config.moves
        latents = F.pad(whole, (0, 0, 0, 0, 1, 0, 0, rest))[None].to(codec.unit)
        return codec.movement(latents)[0].transpose(0, 1).cpu() / CANVAS


def _leaves(field: Tensor, opacity: Tensor) -> float:
    """The largest share of a subject (h, w) that a movement (2, T, h, w) in widths takes out of the picture."""
    high, wide = opacity.shape
    across, down = ((torch.arange(n) + 0.5) / wide for n in (wide, high))
    x, y = across.view(1, 1, -1) - field[0], down.view(1, -1, 1) - field[1]
    beyond = (x < 0) | (x > 1) | (y < 0) | (y > high / wide)
    return float(((beyond * opacity).sum((1, 2)) / opacity.sum().clamp(min=1e-6)).max())


def _speed(field: Tensor, opacity: Tensor) -> float:
    """The logarithm of how fast a movement (2, T, h, w) goes in the mean, a frame, where a subject (h, w) is."""
    steps = torch.hypot(*F.pad(field, (0, 0, 0, 0, 1, 0)).diff(dim=1)).mean(0)
    return float(((steps * opacity).sum() / opacity.sum().clamp(min=1e-6)).clamp(min=1e-6).log())


def _at(values: Tensor, share: Tensor) -> Tensor:
    """Values (T, n, a, b) at places (T, 2, h, w) counted from -1 to 1."""
    return F.grid_sample(values, share.permute(0, 2, 3, 1), padding_mode="border", align_corners=False)


def swung(field: Tensor, gain: float) -> Tensor:
    """A movement (2, T, h, w) at RATE whose swings about its mean over SWING frames are `gain` times as large: latents of
    eight frames each lose much of what goes to and fro within them. A movement of SWING frames or fewer is as it was."""
    if gain == 1 or field.shape[1] <= SWING:
        return field
    whole = F.pad(field, (0, 0, 0, 0, 1, 0))
    before, after = (2 * whole[:, [end]] - whole[:, part].flip(1) for end, part in ENDINGS)
    sums = F.pad(torch.cat((before, whole, after), 1).cumsum(1), (0, 0, 0, 0, 1, 0))
    width = 2 * SWING + 1
    mean = (sums[:, width:] - sums[:, :-width]) / width
    return (whole + (gain - 1) * (whole - mean))[:, 1:]


def paced(field: Tensor, fps: float, frames: int, ends: bool = False) -> Tensor:
    """A movement (2, T, h, w) at RATE as that of a clip of so many frames at another rate, (2, frames - 1, h, w), see
    `played`."""
    return played(field, torch.arange(1, frames) * (RATE / fps), ends)


def played(field: Tensor, at: Tensor, ends: bool = False) -> Tensor:
    """A movement (2, T, h, w) at so many of its frames (n,) after its first, where it stands, (2, n, h, w); after its
    last frame it goes on from an earlier one, as `_again` says for one that `ends` or does not, and is led over to
    that."""
    whole, last, aside = F.pad(field, (0, 0, 0, 0, 1, 0)), field.shape[1], None
    if float(at[-1]) > last > LOOP:
        period = last - _again(whole, ends)
        turns = ((at - last) / period).ceil().clamp(min=0)
        at = at - turns * period
        left = (1 - (at - last + period) / min(LED, period)).clamp(min=0) * (turns > 0)
        aside = left.view(-1, 1, 1) * (whole[:, -1:] - whole[:, last - period : last - period + 1])
    low = at.long().clamp(max=last - 1)
    found = torch.lerp(whole[:, low], whole[:, low + 1], (at - low).view(-1, 1, 1))
    return found if aside is None else found + aside


def _again(whole: Tensor, ends: bool) -> int:
    """The frame of a movement (2, T, h, w) from which it goes on after its last: one that is like that and moves like
    it, and of one that does not end has much to come."""
    steps = torch.cat((whole[:, 1:2], whole[:, 1:]), 1) - torch.cat((whole[:, :1], whole[:, :-1]), 1)
    both, moves = torch.stack((whole, GOING * steps)), steps.square().mean((0, 2, 3))
    apart = (both[:, :, :-LOOP] - both[:, :, -1:]).square().mean((0, 1, 3, 4))
    comes = moves.flip(0).cumsum(0).flip(0)[:-LOOP]
    return int((apart if ends else (apart + SEAM * apart.mean()) / comes.clamp(min=1e-12)).argmin())
