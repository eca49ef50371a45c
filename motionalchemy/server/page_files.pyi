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

from gradio.events import Dependency

class Picture(_Kept, gr.Image):
    """One picture."""

    def __init__(self, **options: Any):
        super().__init__(
            type="filepath", image_mode=None, sources=["upload", "clipboard"], buttons=[], interactive=True, **options
        )

    def get_block_name(self) -> str:
        """The component of the browser."""
        return "image"
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block
    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component

class Film(_Kept, gr.Video):
    """One clip."""

    def __init__(self, **options: Any):
        super().__init__(sources=["upload"], buttons=[], interactive=True, **options)

    def get_block_name(self) -> str:
        """The component of the browser."""
        return "video"
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block
    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component

class Pictures(_Kept, gr.File):
    """Several pictures in an order."""

    def __init__(self, **options: Any):
        super().__init__(file_count="multiple", file_types=["image"], allow_reordering=True, **options)

    def get_block_name(self) -> str:
        """The component of the browser."""
        return "file"
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block
    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component

class _Image(
    _Kept, gr.Image
):  # Gradio reads the parameters of the constructor, so these classes have none of their own
    def get_block_name(self) -> str:
        return "image"
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block
    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component

    
class _Video(_Kept, gr.Video):
    def get_block_name(self) -> str:
        return "video"
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block
    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component

    
class _File(_Kept, gr.File):
    def get_block_name(self) -> str:
        return "file"
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block
    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component

    