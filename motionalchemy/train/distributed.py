"""Several processes that train one model, each on batches of its own, their gradients averaged.

`torchrun --nproc-per-node N -m motionalchemy.cli train ...` (or `accelerate launch`) starts them and says in
the environment who is who; the one of rank 0 leads: it alone prepares data, saves and writes logs.
"""

import atexit
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor, nn

PATIENCE = timedelta(days=2)  # the others wait while one encodes
FAREWELL = timedelta(seconds=20)  # and so long at the end


@dataclass(frozen=True)
class Crew:
    """Who one of `size` processes is; alone, it leads."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes."""
        return self.rank == 0

    def number(self, step: int) -> int:
        """The batch that is this process's in a step: no two processes draw the same."""
        return step * self.size + self.rank

    def after(self, work: Iterable) -> Iterator:
        """What `work` yields, in the leading process; the others wait until it is done."""
        if self.leads:
            yield from work
        if self.size > 1:
            dist.barrier()

    def broadcast(self, answer: bool) -> bool:
        """The leading process's answer, to all of them."""
        said = [answer]
        if self.size > 1:
            dist.broadcast_object_list(said)
        return said[0]

    @torch.no_grad()
    def average(self, parameters: list[nn.Parameter]) -> None:
        """Replace all gradients by their mean over the processes; one that a batch did not reach counts as zero."""
        if self.size == 1:
            return
        for parameter in parameters:
            parameter.grad = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        gradients: list[Tensor] = [parameter.grad for parameter in parameters]  # type: ignore[misc]
        for gradient, total in zip(gradients, _summed(gradients), strict=True):
            gradient.copy_(total / self.size)

    @torch.no_grad()
    def each(self, work: Callable[[Tensor], Tensor], tensors: list[Tensor]) -> list[Tensor]:
        """What `work` makes of every tensor, of the same shape; each process does its share and all have the whole."""
        if self.size == 1:
            return [work(x) for x in tensors]
        mine = (i % self.size == self.rank for i in range(len(tensors)))
        return _summed([work(x).to(x) if own else torch.zeros_like(x) for own, x in zip(mine, tensors, strict=True)])


def _summed(tensors: list[Tensor]) -> list[Tensor]:
    """The sums over the processes of tensors that all of them hold, in one message."""
    together = torch.cat([x.flatten() for x in tensors])
    dist.all_reduce(together)
    parts = together.split([x.numel() for x in tensors])
    return [part.view_as(x) for part, x in zip(parts, tensors, strict=True)]


def join() -> Crew:
    """The crew that the launcher's environment names, met if it has not been yet; one process without a launcher."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return Crew()
    if not dist.is_initialized():
        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo", timeout=PATIENCE)
        atexit.register(_leave)
    return Crew(dist.get_rank(), size)


def _leave() -> None:
    """Go together: a process whose peers are still at work when it goes may be aborted by threads of the library. Nobody is
    waited for longer than FAREWELL, for who fails goes alone."""
    if dist.get_backend() == "gloo":
        with suppress(RuntimeError):
            dist.monitored_barrier(timeout=FAREWELL)
    dist.destroy_process_group()
