"""Samples to look at: a contact sheet and a page on which the clips play over their captions."""

import html
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from torch import Tensor

from motionalchemy.data.compose import Size
from motionalchemy.data.corpus import Corpus
from motionalchemy.data.kinds import Sample, draw, possible
from motionalchemy.media.clip import Clip

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem; background: #f6f5f2; color: #1d1d1f }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(268px, 1fr)); gap: 1.5rem }
figure { margin: 0; background: #fff; border-radius: 10px; padding: 6px; box-shadow: 0 1px 4px #0002 }
video, img { width: 100%; border-radius: 6px; display: block }
.beside { display: grid; grid-auto-flow: column; gap: 4px; margin-bottom: 4px }
figcaption { padding: 8px 6px } small { color: #777; overflow-wrap: anywhere }
"""


def show(
    corpus: Corpus, kind: str | None, seed: int, out: str | Path, count: int = 12, size: Size = (256, 256)
) -> Path:
    """Write `count` samples of one kind (or of all in turn) to the folder `out`; returns the page, index.html.

    Beside the page lie sheet.png (six moments of every clip in a row) and the clips themselves as mp4.
    """
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    kinds = [kind] if kind else possible(corpus)
    figures, rows = [], []
    for i in range(count):
        sample = draw(corpus, kinds[i % len(kinds)], seed, i, size)
        figures.append(_figure(sample, i, folder))
        rows.append(_row(sample))
    _sheet(rows).save(folder / "sheet.png")
    page = folder / "index.html"
    title = f"{kind or 'all kinds'}, seed {seed}"
    body = f"<h1>{html.escape(title)}</h1><main>{''.join(figures)}</main>"
    head = f"<meta charset='utf-8'><title>{html.escape(title)}</title><style>{STYLE}</style>"
    page.write_text(f"<!doctype html><html lang='en'><head>{head}</head><body>{body}</body></html>", "utf-8")
    return page


def frames_of(clip: Tensor) -> np.ndarray:
    """(T, 3, H, W) in [-1, 1] -> (T, H, W, 3) uint8."""
    return ((clip.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()


def _figure(sample: Sample, number: int, folder: Path) -> str:
    beside = "".join(_media(clip, f"{number:03d}-given-{i}", folder) for i, clip in enumerate(sample.beside))
    words = "<br>".join(html.escape(text) for text in sample.words.values())
    facts = html.escape(f"{sample.kind} · {', '.join(sample.sources)} · {'; '.join(sample.credits)}")
    made = _media(sample.clip, f"{number:03d}", folder)
    given = f"<div class='beside'>{beside}</div>" if beside else ""
    return f"<figure>{given}{made}<figcaption>{words}<br><small>{facts}</small></figcaption></figure>"


def _media(clip: Tensor, name: str, folder: Path) -> str:
    frames = frames_of(clip)
    if len(frames) == 1:
        Image.fromarray(frames[0]).save(folder / f"{name}.png")
        return f"<img src='{name}.png' alt=''>"
    Clip(frames).save(folder / f"{name}.mp4")
    return f"<video src='{name}.mp4' autoplay loop muted playsinline></video>"


def _row(sample: Sample, moments: int = 6, side: int = 128) -> Image.Image:
    """What is given, then six moments of the clip, with the English words above (the sheet's font has no others)."""
    strips = [frames_of(clip)[len(clip) // 2] for clip in sample.beside[:5]]
    frames = frames_of(sample.clip)
    strips += [frames[i] for i in np.linspace(0, len(frames) - 1, min(moments, len(frames))).round().astype(int)]
    width = round(side * frames.shape[2] / frames.shape[1])
    row = Image.new("RGB", (1 + len(strips) * (width + 2), side + 18), "white")
    given = f" (first {len(sample.beside[:5])} given)" if sample.beside else ""
    ImageDraw.Draw(row).text((2, 3), f"{sample.kind}{given}: {sample.words['en']}", fill="black")
    for i, picture in enumerate(strips):
        row.paste(Image.fromarray(picture).resize((width, side), Image.Resampling.LANCZOS), (1 + i * (width + 2), 18))
    return row


def _sheet(rows: list[Image.Image]) -> Image.Image:
    sheet = Image.new("RGB", (max(row.width for row in rows), sum(row.height for row in rows)), "white")
    top = 0
    for row in rows:
        sheet.paste(row, (0, top))
        top += row.height
    return sheet
