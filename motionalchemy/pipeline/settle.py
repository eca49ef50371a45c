"""A request settled: no choice left open, its model's defaults where it was silent, the stages shared out."""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from motionalchemy.errors import InputError
from motionalchemy.flow.stages import Stage
from motionalchemy.media.clip import Clip
from motionalchemy.models import base, lora
from motionalchemy.models.base import Card
from motionalchemy.pipeline.request import Request, Settled

LEGS = 2  # legs from view to view in one stretch of the model's usual length
METHODS = {"reference": 1.0, "contrast": 0.9, "redraw": 0.6}  # ways to edit -> their usual strength
CONTRAST = 2.0  # guidance of the target over the model's own (Wan-Edit: 10 to 5)
SWEEP = "the camera moves around the subject"


@dataclass(frozen=True, eq=False)
class Memory:
    """What was handed over in memory instead of as paths: pictures (H, W, 3) uint8, and clips."""

    image: np.ndarray | None = None
    last: np.ndarray | None = None
    video: Clip | None = None
    views: Sequence[np.ndarray] | None = None
    motion: Clip | None = None


def effort_of(request: Request) -> base.Effort:
    """What the request lets a large model cost; raises InputError for a LoRA that is not there."""
    laid = tuple(lora.named(text) for text in request.lora or ())
    return base.Effort(request.memory, request.fast, laid)


def settle(request: Request, card: Card, memory: Memory | None = None) -> Settled:
    """The request with the model's defaults where it was silent; raises InputError beyond the model's limits."""
    silent = {name: value for name, value in asdict(card.defaults).items() if name in Request.model_fields}
    silent["stages"] = silent.get("stages") or len(card.stages)
    chosen = {name: value for name, value in request.model_dump().items() if value is not None}
    silent |= OWN[request.task](request, card, memory or Memory()) if request.task in OWN else {}
    settled = Settled.model_validate(silent | chosen | {"model": card.name})
    smallest, largest = card.sizes
    if not smallest <= settled.size <= largest:
        raise InputError(f"size {settled.size} is not for {card.name}: use {smallest} to {largest}")
    return settled


def _own_edit(request: Request, card: Card, memory: Memory | None = None) -> dict[str, Any]:
    method = request.method or ("reference" if "reference:source" in card.honours else "contrast")
    own: dict[str, Any] = {"method": method, "strength": METHODS[method]}
    if method != "reference":
        own["stages"] = 1
        if (request.stages or 1) > 1:
            raise InputError(f"stages {request.stages} is not for method {method}, which has one: leave it out")
    if method == "contrast":
        own["guidance"] = max(CONTRAST * card.defaults.guidance, CONTRAST)
    elif card.retouch:
        own["guidance"] = card.retouch.guidance
    return own


def _own_orbit(request: Request, card: Card, memory: Memory) -> dict[str, Any]:
    legs = len(memory.views or request.views or ()) - 1 + request.close
    return {"prompt": SWEEP, "seconds": card.defaults.seconds * max(1, math.ceil(legs / LEGS))}


OWN: dict[str, Callable[[Request, Card, Memory], dict[str, Any]]] = {"edit": _own_edit, "orbit": _own_orbit}


def planned_stages(request: Request, card: Card) -> tuple[Stage, ...]:
    """The model's last `stages` stages, the first of them started from noise, sharing `steps` in their proportion."""
    one = request.task == "edit" and _own_edit(request, card).get("stages")
    count = request.stages or one or card.defaults.stages or len(card.stages)
    if count > len(card.stages):
        raise InputError(f"stages {count} is not for {card.name}: use 1 to {len(card.stages)}")
    alone = card.stages if one else card.stages[-count:]
    usual = sum(stage.steps for stage in alone) if count > 1 or one else max(stage.steps for stage in card.stages)
    total = request.steps or (card.retouch.steps if request.task == "edit" and card.retouch else usual)
    if total < count:
        raise InputError(f"steps {total} is too few for {count} stages: use {count} or more, or fewer stages")
    chosen = card.stages[-count:]
    parts, free = sum(stage.steps for stage in chosen), total - count  # each stage has one step before they share
    ends = [round(free * sum(s.steps for s in chosen[:i]) / parts) for i in range(count + 1)]
    shared = [replace(stage, steps=1 + ends[i + 1] - ends[i]) for i, stage in enumerate(chosen)]
    return (replace(shared[0], strength=1.0), *shared[1:])
