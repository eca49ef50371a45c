"""Gradio's components for files, which hand on what was uploaded as it is.

What a file is, is found out by the process that looks at uploads: nothing is opened, scaled or decoded where the server
runs.
"""

from typing import Any

import gradio as gr


class _Kept:
    def preprocess(self, payload: Any) -> Any:
        """The path of an uploaded file, or the paths of several."""
        if payload is None:
            return None
        files = getattr(payload, "root", payload)
        return [file.path for file in files] if isinstance(files, list) else payload.path


class _Image(
    _Kept, gr.Image
):  # Gradio reads the parameters of the constructor, so these classes have none of their own
    def get_block_name(self) -> str:
        return "image"


class _Video(_Kept, gr.Video):
    def get_block_name(self) -> str:
        return "video"


class _File(_Kept, gr.File):
    def get_block_name(self) -> str:
        return "file"


def picture(label: str, height: int, id: str) -> gr.Image:
    """One uploaded picture."""
    return _Image(
        label=label, height=height, elem_id=id, type="filepath", image_mode=None, sources=["upload", "clipboard"],
        buttons=[], interactive=True,
    )  # fmt: skip


def film(label: str, height: int, id: str) -> gr.Video:
    """One uploaded clip."""
    return _Video(label=label, height=height, elem_id=id, sources=["upload"], buttons=[], interactive=True)


def pictures(label: str, id: str) -> gr.File:
    """Several uploaded pictures in an order."""
    return _File(label=label, elem_id=id, file_count="multiple", file_types=["image"], allow_reordering=True)
