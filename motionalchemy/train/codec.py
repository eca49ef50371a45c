"""Training the autoencoder: a linear start in closed form, then a residual network on top."""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor

from motionalchemy.flow.stages import resize
from motionalchemy.nets.autoencoder import Autoencoder


@torch.no_grad()
def start_linear(model: Autoencoder, clips: Iterable[Tensor], samples: int = 12000) -> None:
    """Set the linear maps to the principal components of the clips' patches, latents scaled towards unit deviation.

    Each component is divided by the square root of its deviation: the largest ones, which carry most of the picture,
    stay the largest, so that a flow resolves them first (the low-frequency bias of SSVAE, 2512.05394).
    """
    c, generator = model.config, torch.Generator().manual_seed(0)
    firsts, groups = [], []
    for video in clips:
        folded = model._fold(video[:, :, 1:], c.time).flatten(0, 1)
        groups.append(F.unfold(folded, c.space, stride=c.space).transpose(1, 2).flatten(0, 1))
        firsts.append(F.unfold(video[:, :, 0], c.space, stride=c.space).transpose(1, 2).flatten(0, 1))
    for rows, analyse, synthesise in (
        (torch.cat(firsts), model.analyse_first, model.synthesise_first),
        (torch.cat(groups), model.analyse, model.synthesise),
    ):
        rows = rows[torch.randperm(len(rows), generator=generator)[:samples]]
        mean = rows.mean(0)
        torch.manual_seed(0)
        _, s, v = torch.svd_lowrank(rows - mean, q=c.channels + 16, niter=3)
        deviation = (s[: c.channels] / len(rows) ** 0.5).clamp(min=1e-4)
        scale = deviation.sqrt() * (deviation.mean() ** 0.5)  # mean square about that of the deviations
        basis = v[:, : c.channels].T  # (C, patch)
        analyse.weight.copy_((basis / scale[:, None]).view_as(analyse.weight))
        analyse.bias.copy_(-(basis @ mean) / scale)  # type: ignore[union-attr]
        synthesise.weight.copy_((basis * scale[:, None]).view_as(synthesise.weight))
        synthesise.bias.copy_(mean.view(-1, c.space * c.space).mean(1))  # type: ignore[union-attr]


def reconstruction_loss(model: Autoencoder, video: Tensor, step: int) -> dict[str, Tensor]:
    """Charbonnier on pixels, their change in time and their edges; latents kept small, blurred and noisy at times.

    Every third step decodes latents at a random smaller size against the picture at that size (scale equivariance,
    2502.14831), which is what the second stage starts from.
    """
    latents = model.analysis(video).float()
    target, seen = video, latents
    if step % 3 == 2:
        h, w = latents.shape[3] // 2, latents.shape[4] // 2
        seen = resize(latents, h, w)
        target = resize(video, h * model.config.space, w * model.config.space)
    generator = torch.Generator(device=video.device).manual_seed(step)
    sigma = 0.08 * torch.rand(len(seen), 1, 1, 1, 1, generator=generator, device=seen.device)
    seen = seen + sigma * torch.randn(seen.shape, generator=generator, device=seen.device)
    out = model.synthesis(seen)
    pixels = _charbonnier(out - target)
    change = _charbonnier(out.diff(dim=2) - target.diff(dim=2))
    edges = _charbonnier(out.diff(dim=3) - target.diff(dim=3)) + _charbonnier(out.diff(dim=4) - target.diff(dim=4))
    size = latents.square().mean()
    return {
        "loss": pixels + 0.5 * change + 0.5 * edges + 1e-3 * size,
        "pixels": pixels,
        "mse": (out.detach() - target).square().mean(),
        "size": size,
    }


@torch.no_grad()
def measure_latents(model: Autoencoder, clips: Iterable[Tensor]) -> None:
    """Store, of clips (B, 3, T, H, W), the mean of each channel and one deviation for all, for latent frame 0 and for
    later ones."""
    latents = [model.analysis(video) for video in clips]
    firsts = torch.cat([z[:, :, 0].transpose(0, 1).flatten(1) for z in latents], 1)
    later = torch.cat([z[:, :, 1:].transpose(0, 1).flatten(1) for z in latents], 1)
    for row, values in enumerate((firsts, later)):  # (C, N)
        model.mean[row] = values.mean(1)
        model.deviation[row] = (values - values.mean(1, keepdim=True)).square().mean().sqrt()


def _charbonnier(difference: Tensor) -> Tensor:
    return (difference.square() + 1e-4).sqrt().mean()
