"""Where the parts of a large model live, how its decode survives a lack of memory, and what makes it faster.

`arrange` decides from numbers alone; the rest carries it out with the parts that diffusers, accelerate and torchao
keep.
"""

import gc
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from motionalchemy.errors import MotionAlchemyError
from motionalchemy.models import formats
from motionalchemy.parts import packages

log = logging.getLogger(__name__)
ROOM = 0.6  # share of the memory that weights may take; the rest is for what a step computes
LADDER = (512, 256)  # tiles of the decode, in pixels, when the whole clip does not fit
CACHE_THRESHOLD = 0.08  # relative change of the first block's residual below which the others are not computed again
OUT_OF_MEMORY = ("out of memory", "not enough memory", "can't allocate memory")


@dataclass(frozen=True)
class Arrangement:
    """`stay`: every part keeps its place on the device. `blocks`: the transformer comes block by block from the host.

    `int8`: its matrices are stored in 8 bits, one scale a row (lossy). `text_blocks`: the text encoder comes block by
    block. `tile`: the decode's tile in pixels, None for the whole picture at once.
    """

    stay: bool = True
    blocks: bool = False
    int8: bool = False
    text_blocks: bool = False
    tile: int | None = None


def arrange(memory: int | None, transformer: int, text: int, networks: int = 1) -> Arrangement:
    """Where parts of so many bytes live on a device of `memory` gigabytes (None: as much as there is); of several
    `networks` of that size only one works at a time.

    At 24 and more nothing is lossy; at 8 and 12 the transformer is stored in 8 bits, and streamed if that is too much.
    """
    if memory is None:
        return Arrangement()
    room = ROOM * memory * 1e9
    int8 = memory < 24 and transformer > room / 2
    stored = transformer / 2 if int8 else transformer
    return Arrangement(
        stay=transformer * networks + text <= room,
        blocks=stored > room,
        int8=int8,
        text_blocks=text > room,
        tile=None if memory >= 48 else LADDER[0] if memory >= 24 else LADDER[1],
    )


def bytes_of(module: nn.Module) -> int:
    """The bytes of a module's parameters and buffers."""
    return sum(t.numel() * t.element_size() for t in (*module.parameters(), *module.buffers()))


@contextmanager
def visiting(module: nn.Module, device: torch.device, stay: bool, streamed: bool = False) -> Iterator[None]:
    """The module on the device for the time of the block; afterwards back on the host unless it may stay.

    One that is `streamed` finds its own way there and back.
    """
    if not streamed:
        module.to(device)
    try:
        yield
    finally:
        if not stay and not streamed and device.type != "cpu":
            module.to("cpu")
            empty(device)


def stream_blocks(module: nn.Module, device: torch.device) -> None:
    """Let a module's blocks come from the host one by one, the next one already on its way. Exact, and slower."""
    hooks: Any = import_module("diffusers.hooks")
    streamed = device.type == "cuda"
    hooks.apply_group_offloading(
        module,
        onload_device=device,
        offload_device=torch.device("cpu"),
        offload_type="block_level",
        num_blocks_per_group=1,
        use_stream=streamed,
        **({"record_stream": True} if streamed else {}),
    )


def store_int8(blocks: nn.Module) -> None:
    """Store the matrices of a transformer's blocks in 8 bits, one scale a row, widened when used; raises
    MissingPart."""
    quantization = _torchao()
    quantization.quantize_(blocks, quantization.Int8WeightOnlyConfig())


def multiply_fp8(blocks: nn.Module) -> None:
    """Multiply in 8-bit floats on hardware that can (8.9 and newer), scaled by row; raises MissingPart."""
    quantization = _torchao()
    by_row = quantization.PerRow()
    quantization.quantize_(blocks, quantization.Float8DynamicActivationFloat8WeightConfig(granularity=by_row))


def _torchao() -> Any:
    formats.libraries()
    try:
        from torchao import quantization
    except ImportError as error:
        raise packages.lacking("gpu", error) from error
    return quantization


def compile_blocks(transformer: Any, hooked: bool = False, **options: Any) -> None:
    """Compile the repeated block once and use it for all of them. Exact but for rounding.

    A block that is `hooked`, by a cache or by being streamed, cannot be one graph.
    """
    transformer.compile_repeated_blocks(fullgraph=not hooked, **options)


def cache_first_block(transformer: Any, threshold: float = CACHE_THRESHOLD) -> None:
    """Skip the later blocks of a call whose first block hardly changed since the last one. Lossy."""
    diffusers: Any = import_module("diffusers")
    transformer.enable_cache(diffusers.FirstBlockCacheConfig(threshold=threshold))


def fast_attention(blocks: Iterable[Any], device: torch.device) -> bool:
    """Let self-attention, which has no mask, be cuDNN's where it is the fastest. Exact but for rounding."""
    wanted = device.type == "cuda" and torch.cuda.get_device_capability(device) >= (9, 0)
    for block in blocks:
        if wanted:
            block.attn1.set_attention_backend("_native_cudnn")
    return wanted


def hasten(transformer: Any, blocks: nn.ModuleList, fast: int, device: torch.device, arrangement: Arrangement) -> None:
    """Level 1: attention and compiled blocks, equal but for rounding. Level 2 too: a block cache and 8-bit floats.

    Both levels compile and multiply in 8 bits on a GPU only; a CPU has the cache alone.
    """
    on_gpu = device.type == "cuda"
    if fast >= 1:
        fast_attention(blocks, device)
    if fast >= 2 and on_gpu and not arrangement.int8 and torch.cuda.get_device_capability(device) >= (8, 9):
        multiply_fp8(blocks)
    if fast >= 2:
        cache_first_block(transformer)
    if fast >= 1 and on_gpu:
        compile_blocks(transformer, hooked=fast >= 2 or arrangement.blocks)


def lacks_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, on a GPU or on a CPU."""
    return isinstance(error, torch.OutOfMemoryError) or any(part in str(error).lower() for part in OUT_OF_MEMORY)


def empty(device: torch.device) -> None:
    """Hand back memory that nothing uses."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()


def set_tile(vae: Any, tile: int | None) -> None:
    """Decode and encode in overlapping tiles of so many pixels a side, or whole."""
    if tile is None:
        vae.disable_tiling()
        return
    step = tile * 3 // 4
    vae.enable_tiling(
        tile_sample_min_height=tile,
        tile_sample_min_width=tile,
        tile_sample_stride_height=step,
        tile_sample_stride_width=step,
    )


def rungs(tile: int | None, device: torch.device) -> list[tuple[int | None, torch.device]]:
    """What a decode tries in turn: (tile, device), each needing less of the device than the one before."""
    tiles = [tile, *(t for t in LADDER if tile is None or t < tile)]
    return [(t, device) for t in tiles] + [(LADDER[-1], torch.device("cpu"))] * (device.type != "cpu")


def decode_safely(
    decode: Callable[[Tensor], Tensor], vae: Any, latents: Tensor, tile: int | None, device: torch.device
) -> Tensor:
    """`decode(latents)`, frames (B, 3, T, H, W), again in smaller tiles and at last on the CPU when memory runs out: a
    clip is not lost here.

    Tiles blend at their seams, so a result that needed them differs a little. Raises MotionAlchemyError when even the
    last try fails.
    """
    tried = rungs(tile, device)
    for number, (side, where) in enumerate(tried, start=1):
        try:
            set_tile(vae, side)
            vae.to(where)
            return decode(latents.to(where))
        except (RuntimeError, MemoryError) as error:
            if not (isinstance(error, MemoryError) or lacks_memory(error)):
                raise
            reason = str(error).splitlines()[0] if str(error) else "no memory"
        finally:
            set_tile(vae, tile)
        log.warning("memory ran out while decoding (%s): trying again with less, %d of %d", reason, number, len(tried))
        empty(device)
    raise MotionAlchemyError(
        "the clip was made but could not be decoded, memory ran out: lower the size or the seconds"
    )
