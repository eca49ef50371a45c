"""The project's own model: its autoencoder, its flow transformer and the frozen text encoder behind one seam."""

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from motionalchemy.flow.plan import Plan
from motionalchemy.flow.sampler import SMALLEST_TIME, clean_to_velocity
from motionalchemy.flow.solvers import Velocity
from motionalchemy.models import lora, registry
from motionalchemy.models.base import Backbone
from motionalchemy.nets import judge, pack, text, transformer
from motionalchemy.nets.autoencoder import AutoencoderConfig
from motionalchemy.nets.judge import Judge, JudgeConfig
from motionalchemy.nets.motion import MotionAutoencoder, MotionConfig
from motionalchemy.nets.painter import Painter, PainterConfig
from motionalchemy.nets.precision import narrow
from motionalchemy.nets.repertoire import Repertoire, RepertoireConfig
from motionalchemy.nets.scenery import Scenery, SceneryConfig, drawn
from motionalchemy.nets.text import TokenEncoder
from motionalchemy.nets.transformer import FlowTransformer, TransformerConfig
from motionalchemy.nets.vision import Vision, VisionConfig

LONGEST = 4.0  # seconds of movement that is retrieved: twice what was seen
ASKED = 1.5  # the logit from which a sentence asks for a style
STORED_AGAIN = {
    "76545a5aac641ed7cda9d5c673811b10": ("b325ec83b5db0064b396f72b43a908df",)
}  # codecs, and as 0.20 had them
PARTS = {
    "codec": "motion-autoencoder",
    "vision": "vision",
    "flow": "flow",
    "painter": "painter",
    "scenery": "scenery",
    "judge": "judge",
    "repertoire": "repertoire",
}  # folders of packs, and their kinds
NEEDED = {"codec", "vision", "flow"}
WEIGHTS = Path(__file__).parent.parent / "weights" / "nano"


class MirroredWords:
    """Prompts as the flow reads them, and as they are said of the same clips seen in a mirror; read when asked for."""

    def __init__(self, read: Callable[[list[str]], transformer.Words], prompts: list[str]):
        self._asked, self._prompts = read, prompts

    @cached_property
    def plain(self) -> transformer.Words:
        """As they are."""
        return self._asked(self._prompts)

    @cached_property
    def mirrored(self) -> transformer.Words:
        """As they are said of the same clips seen in a mirror."""
        return self._asked([text.mirrored(prompt) for prompt in self._prompts])


class Nano:
    """A loaded nano: see `models.base.Backbone` for the contract."""

    def __init__(self, folder: Path, device: torch.device):
        """Check a folder of packs by their cards and sums; each network is read when it is first needed.

        Raises InputError and MissingPart as `pack.checked` does, MissingPart without the text encoder.
        """
        there = [part for part in PARTS if part in NEEDED or (folder / part).is_dir()]
        cards = {part: pack.checked(folder / part, PARTS[part]) for part in there}
        text.located()
        row = registry.MODELS["nano"]
        self.name, self.grid, self.honours = row.name, _sizes(cards["codec"]["config"]).grid, row.honours
        self.stages, self.defaults = row.stages, row.defaults
        self.device, self.folder = device, folder
        self.sha256 = cards["codec"]["sha256"][:32] + cards["flow"]["sha256"][:32]  # as in `sum_of`
        self._narrow = narrow(device)

    @cached_property
    def codec(self) -> MotionAutoencoder:
        """The autoencoder."""
        return read_codec(self.folder / "codec")[0].to(self.device)

    @cached_property
    def vision(self) -> Vision:
        """The frozen network that looks at pictures."""
        return read_vision(self.folder / "vision").to(self.device)

    @cached_property
    def flow(self) -> FlowTransformer:
        """The flow transformer."""
        return read_flow(self.folder / "flow").to(self.device)

    @cached_property
    def text(self) -> TokenEncoder:
        """The frozen text encoder."""
        return text.shared()

    @cached_property
    def painter(self) -> Painter | None:
        """The network of styles, if there is one."""
        return read_painter(path).to(self.device) if (path := self.folder / "painter").is_dir() else None

    @cached_property
    def scenery(self) -> Scenery | None:
        """The network of places, if there is one."""
        return read_scenery(path) if (path := self.folder / "scenery").is_dir() else None

    @cached_property
    def judge(self) -> Judge | None:
        """The network that says what is done in a clip, if there is one."""
        return read_judge(path) if (path := self.folder / "judge").is_dir() else None

    @cached_property
    def repertoire(self) -> Repertoire | None:
        """The movements that are retrieved, if there are any."""
        return read_repertoire(path) if (path := self.folder / "repertoire").is_dir() else None

    @torch.no_grad()
    def encode(self, frames: Tensor) -> Tensor:
        """Frames (B, 3, T, H, W) in [-1, 1] -> latents (B, C, t, h, w)."""
        return self.codec.encode(frames.to(self.device).float())

    @torch.no_grad()
    def decode(self, latents: Tensor, picture: Tensor | None = None, every: int = 1) -> Tensor:
        """Latents (B, C, t, h, w) -> frames (B, 3, T, H, W), or the first and each `every`th after it; with `picture`
        (B, 3, 1, H, W) that one moves, at its size."""
        if picture is None:
            return self.codec.decode(latents, None, every)
        return self.codec.decode(self._steady(latents), picture.to(latents), every)

    @torch.no_grad()
    def movement(self, latents: Tensor) -> Tensor:
        """How a clip decoded with its own first frame moves: from how far away in it each place of the later frames
        (B, 2, T-1, h, w) comes, in shares of its width."""
        return self.codec.movement(self._steady(latents)) / (latents.shape[4] * self.grid.space)

    def _steady(self, latents: Tensor) -> Tensor:
        return torch.cat((latents[:, :, :1], self.codec.steadied(latents[:, :, 1:])), 2)

    def words(self, prompts: list[str]) -> MirroredWords:
        """Prompts, and what they say in a mirror."""
        return MirroredWords(self._read, prompts)

    @torch.no_grad()
    def _read(self, prompts: list[str]) -> transformer.Words:
        tokens = self.text.encode(prompts, limit=self.flow.config.words).to(self.device)
        return self.flow.words(tokens.ids, tokens.vectors, tokens.mask)

    def velocity(self, words: MirroredWords, plan: Plan, fps: float) -> Velocity:
        """The velocity towards clips of those words, or towards the movement that a reference shows."""
        shown = next((r.value for r in plan.references if r.role == "motion"), None)
        if shown is not None:
            return self._like(shown)
        clean = self._clean(words.plain, plan, fps)
        if _one_picture(plan):
            clean = self._agreed(clean, words.mirrored, plan, fps)

        def towards(x: Tensor, now: Tensor) -> Tensor:
            return clean_to_velocity(clean(x, now), x, now)

        return towards

    def _clean(self, words: transformer.Words, plan: Plan, fps: float) -> Velocity:
        """What a noised state would be without its noise, as the flow sees it; at time 1, where nothing gets through
        the noise, one answer for all that begin alike."""
        seconds = torch.tensor(self.grid.starts(plan.value.shape[2], fps))  # on the CPU: the network reads them there
        given = plan.value if bool((plan.strength[:, :, :1] == 0).all()) else None
        known = _known(plan)
        leads = 1 < known < plan.value.shape[2]
        looks = tuple(self.look(latents) for latents in (given, *(r.value for r in plan.references)))

        @torch.no_grad()
        def clean(x: Tensor, now: Tensor) -> Tensor:
            blind = len(plan.value) == len(now) == 1 and bool(((now == 0) | (now == 1)).all())
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self._narrow):
                found = self.flow(x[:1] if blind else x, now, words, seconds, plan.references, looks)
            found = found.float()
            if leads:
                found[:, :, 1:] = self.codec.led_on(found[:, :, 1:], known - 1)
            return found.expand_as(x) if blind else found

        return clean

    @torch.no_grad()
    def _agreed(self, clean: Velocity, mirrored: transformer.Words, plan: Plan, fps: float) -> Velocity:
        """The mean of what the flow sees in a clip that is given its first picture, and of what it sees in a mirror:
        nearer to the truth than either."""
        picture = self.encode(self.codec.decode(plan.value[:, :, :1]).flip(-1))
        turned = replace(plan, value=torch.cat((picture, plan.value[:, :, 1:]), 2))
        beyond = self._clean(mirrored, turned, fps)

        @torch.no_grad()
        def both(x: Tensor, now: Tensor) -> Tensor:
            there = torch.cat((picture.expand(len(x), -1, -1, -1, -1), self.codec.mirrored(x[:, :, 1:])), 2)
            found = clean(x, now)
            other = self.codec.mirrored(beyond(there, now.flip(-1))[:, :, 1:])
            return torch.cat((found[:, :, :1], (found[:, :, 1:] + other) / 2), 2)

        return both

    @torch.no_grad()
    def sure(self, apart: Tensor, now: Tensor) -> Tensor:
        """Of a difference of velocities (B, C, T, h, w) what is no guess: how far a camera goes, or a subject that goes
        far."""
        time = now[:, :, 1:].clamp(min=SMALLEST_TIME)
        later = self.codec.sure(apart[:, :, 1:] * time) / time
        return torch.cat((torch.zeros_like(apart[:, :, :1]), later), 2)

    @torch.no_grad()
    def action(self, prompt: str) -> Tensor | None:
        """How far each action (n,) is what a prompt asks for, as `rank` takes them; None where it asks for none that
        can be told apart."""
        return None if self.judge is None else self.judge.wanted(self.text.encode([prompt], limit=64))

    @torch.no_grad()
    def decode_sparse(self, latents: Tensor, picture: Tensor | None, fps: float) -> tuple[Tensor, float]:
        """Latents of one clip decoded as `rank` has to see them, (3, T, H, W), and the frames a second that are
        left."""
        every = max(1, int(fps / judge.RATE))
        return self.decode(latents, picture, every)[0], fps / every

    @torch.no_grad()
    def rank(self, clips: Iterable[tuple[Tensor, float]], action: Tensor) -> tuple[int, float]:
        """Of several clips, (3, T, H, W) in [-1, 1] and their frames a second, the number of the one in which the
        action is seen best, and how surely, in [0, 1]."""
        assert self.judge is not None
        return self.judge.best(torch.stack([judge.movement(clip.float(), fps) for clip, fps in clips]), action)

    @torch.no_grad()
    def retrieve(
        self, prompt: str, opacity: Tensor, guess: Tensor, fps: float, seed: int
    ) -> Iterator[tuple[Tensor, bool]]:
        """How subjects that were seen before would do what a prompt asks for in a picture whose subject an opacity (H,
        W) shows, the likeliest first: movements like a `guess` at it (2, T-1, h, w), from how far away in the picture
        each place of the later frames comes, in shares of its width, and whether they are done then. None that would
        last longer than LONGEST."""
        if self.repertoire is None or self.judge is None or guess.shape[1] / fps > LONGEST:
            return
        asked = self.judge.heard(self.text.encode([prompt], limit=64))
        yield from self.repertoire.likely(asked, opacity, guess.cpu(), fps, self.codec, seed)

    @torch.no_grad()
    def painted(self, frames: np.ndarray, prompt: str, seed: int, times: Tensor) -> np.ndarray | None:
        """Frames (T, H, W, 3) uint8 at `times` (T,) in seconds in the style that a prompt asks for; None where it asks
        for none."""
        if self.painter is None:
            return None
        asked, wanted = self.painter.asked(self.text.encode([prompt], limit=64).to(self.device))
        if wanted < ASKED:
            return None
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._narrow):
            return self.painter.painted(frames, asked, seed, times)

    @torch.no_grad()
    def place(self, prompt: str, seed: int, height: int, width: int) -> np.ndarray | None:
        """A picture (height, width, 3) uint8 of the place that a prompt asks for; None where it asks for none."""
        found = None if self.scenery is None else self.scenery(self.text.encode([prompt], limit=64))
        if found is None or found.asked < 0:
            return None
        return _frame(drawn(found, height, width, seed))

    def _like(self, shown: Tensor) -> Velocity:
        """Towards the movement of a clip's latents as it is: they say how any picture moves that stands alike."""
        moving = shown.clone()
        moving[:, self.codec.config.moves :] = 0

        def towards(x: Tensor, now: Tensor) -> Tensor:
            return clean_to_velocity(moving, x, now)

        return towards

    def with_motions(self, motions: Sequence[tuple[Path, float]]) -> "Nano":
        """A copy whose flow has learned motions (LoRA files, each at a weight) added, and which retrieves no others;
        this one stays as it is."""
        other = copy.copy(self)
        other.repertoire = None
        other.flow = copy.deepcopy(self.flow)
        other.sha256 = lora.apply(other.flow, motions, self.sha256)
        return other

    @torch.no_grad()
    def look(self, latents: Tensor | None) -> Tensor | None:
        """What the vision network says of the first picture of latents (B, C, T, h, w): (B, V, h, w)."""
        return None if latents is None else self.vision(self.codec.decode(latents[:, :, :1])[:, :, 0])


def _known(plan: Plan) -> int:
    """How many latent frames at a clip's head are given."""
    return int((plan.strength.amax((0, 1, 3, 4)) == 0).int().cumprod(0).sum())


def _one_picture(plan: Plan) -> bool:
    """Whether a clip is given its first picture and nothing else."""
    first, later = plan.strength[:, :, :1], plan.strength[:, :, 1:]
    return not plan.references and later.numel() > 0 and not bool(first.any()) and bool(later.all())


def load(device: torch.device, folder: Path | None = None) -> Backbone:
    """A nano from `folder` (by default the one that ships): parts `codec`, `vision` and `flow`, each a pack, and
    `painter`, `scenery`, `judge` and `repertoire`, without which no edit paints, none draws another place, no clip is
    tried twice, and no movement is retrieved. Every pack is checked by its sum now and read when it is needed."""
    return Nano(folder or WEIGHTS, device)


@torch.no_grad()
def pictured(prompt: str, seed: int, height: int, width: int) -> np.ndarray | None:
    """The place that a prompt names, (height, width, 3) uint8, by the scenery that ships; None where it names more than
    a place, or none."""
    found = _drawer(WEIGHTS / "scenery")(text.shared().encode([prompt], limit=64))
    return None if found.alone < 0 else _frame(drawn(found, height, width, seed))


@cache
def _drawer(folder: Path) -> Scenery:
    return read_scenery(folder)


def _frame(picture: Tensor) -> np.ndarray:
    """(3, H, W) in [0, 1] -> (H, W, 3) uint8."""
    return (picture * 255).round().byte().permute(1, 2, 0).numpy()


def sum_of(folder: Path | None = None) -> str:
    """The sum that `load` gives a nano, from its cards alone."""
    cards = [pack.read_card((folder or WEIGHTS) / part) for part in ("codec", "flow")]
    return "".join(str(card["sha256"])[:32] for card in cards)


def fitting(sha256: str) -> set[str]:
    """The sums of all nanos whose learned motions fit the one of this sum: those whose codec is only stored otherwise."""
    codec, flow = sha256[:32], sha256[32:]
    return {earlier + flow for earlier in (codec, *STORED_AGAIN.get(codec, ()))}


def read_codec(folder: Path) -> tuple[MotionAutoencoder, dict]:
    """The autoencoder in a pack, with its card."""
    model, card = pack.load(folder, "motion-autoencoder", _autoencoder)
    return model, card  # type: ignore[return-value]


def read_flow(folder: Path) -> FlowTransformer:
    """The flow transformer in a pack."""
    return pack.load(folder, "flow", lambda config: FlowTransformer(TransformerConfig(**config)))[0]  # type: ignore[return-value]


def read_vision(folder: Path) -> Vision:
    """The frozen picture network in a pack, laid out for the processor (batches take half the time)."""
    network = pack.load(folder, "vision", lambda config: Vision(VisionConfig(**config)))[0]
    return network.to(memory_format=torch.channels_last)  # type: ignore[return-value,call-overload]


def read_painter(folder: Path) -> Painter:
    """The network of styles in a pack."""
    return pack.load(folder, "painter", lambda config: Painter(PainterConfig(**config)))[0]  # type: ignore[return-value]


def read_scenery(folder: Path) -> Scenery:
    """The network of places in a pack."""
    return pack.load(folder, "scenery", lambda config: Scenery(SceneryConfig(**config)))[0]  # type: ignore[return-value]


def read_judge(folder: Path) -> Judge:
    """The network that says what is done in a clip."""
    return pack.load(folder, "judge", lambda config: Judge(JudgeConfig(**config)))[0]  # type: ignore[return-value]


def read_repertoire(folder: Path) -> Repertoire:
    """The movements that are retrieved."""
    made = pack.load(folder, "repertoire", lambda config: Repertoire(RepertoireConfig(**config)))[0]
    return made  # type: ignore[return-value]


def _autoencoder(config: dict[str, Any]) -> MotionAutoencoder:
    return MotionAutoencoder(_sizes(config))


def _sizes(config: dict[str, Any]) -> MotionConfig:
    picture: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in config["picture"].items()}
    return MotionConfig(**{**config, "picture": AutoencoderConfig(**picture)})
