"""Gradio's components for files, which here hand on what was uploaded as it is.

What a file is, is found out by the process that looks at uploads: nothing is opened, scaled or decoded where the server
runs.
"""

from typing import Any

import gradio as gr


def picture(label: str, height: int, id: str) -> gr.Image:
    """One uploaded picture."""
    return _kept(
        gr.Image(
            label=label, height=height, elem_id=id, type="filepath", image_mode=None, sources=["upload", "clipboard"],
            buttons=[], interactive=True,
        )
    )  # fmt: skip


def film(label: str, height: int, id: str) -> gr.Video:
    """One uploaded clip."""
    return _kept(gr.Video(label=label, height=height, elem_id=id, sources=["upload"], buttons=[], interactive=True))


def pictures(label: str, id: str) -> gr.File:
    """Several uploaded pictures in an order."""
    return _kept(gr.File(label=label, elem_id=id, file_count="multiple", file_types=["image"], allow_reordering=True))


def voice(label: str, id: str) -> gr.File:
    """One uploaded sound."""
    return _kept(gr.File(label=label, elem_id=id, file_count="single", file_types=["audio"], height=110))


def _kept(component: Any) -> Any:
    """The component with its own reading of files replaced; a subclass of it would make Gradio write a .pyi here."""
    component.preprocess = _paths
    return component


def _paths(payload: Any) -> Any:
    """The path of an uploaded file, or the paths of several."""
    if payload is None:
        return None
    files = getattr(payload, "root", payload)
    return [file.path for file in files] if isinstance(files, list) else payload.path
