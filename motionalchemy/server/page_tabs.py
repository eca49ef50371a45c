"""What stands on the page: a tab for each kind of work, the video that is looked at, and all videos there are."""

import html
import shutil
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio import themes

from motionalchemy.pipeline.request import LONGEST_PROMPT, REGIONS
from motionalchemy.server.answers import Refused
from motionalchemy.server.page_ask import BRUSH, Desk
from motionalchemy.server.page_files import film, picture, pictures, voice
from motionalchemy.server.page_words import LANGUAGES
from motionalchemy.server.service import Service, Who

PAGE_FILES = "page"  # where, in the data folder, uploads wait for their request
EXAMPLES = Path(__file__).parent / "page_examples"
EXAMPLE_CLIPS = (  # a picture of EXAMPLES, and what happens in it in each of LANGUAGES
    ("horse.png", ("the horse gallops to the right", "马向右飞奔")),
    ("zebra.png", ("the zebra walks", "斑马在走")),
    ("swordsman.png", ("the swordsman raises both arms and cheers", "剑士举起双臂欢呼")),
)
FORGET = 3600  # seconds after which an upload is deleted, whether or not it became a request
LONGEST_NUMBER = 20  # characters
EACH = 2.0  # seconds of a part of a long video, where nobody says otherwise
FONTS = ["system-ui", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "WenQuanYi Micro Hei", "sans-serif"]
# What the elements of page.js say becomes an event of the component round them.
RELAY = (
    "for (const name of ['remix', 'extend', 'edit', 'drop'])"
    " element.addEventListener(name, (event) => trigger(name, event.detail));"
)
MASKED = "(...values) => { values[4] = document.querySelector('ma-brush')?.mask() ?? ''; return values; }"

Ask = Callable[..., Awaitable[str]]  # (who, *values) -> the id of a queued video


def theme() -> themes.Base:
    """Fonts of the person's own machine only."""
    return themes.Soft(font=FONTS, font_mono=["ui-monospace", "monospace"])


def build(service: Service, language: str) -> gr.Blocks:
    """The whole page in one language."""
    with gr.Blocks(
        title="MotionAlchemy", analytics_enabled=False, fill_width=True, delete_cache=(FORGET, FORGET)
    ) as blocks:
        Page(Desk(service, language))
    return blocks


class Page:
    """One language's components and what happens when they are used; made inside `gr.Blocks`."""

    def __init__(self, desk: Desk):
        self.desk, self.words = desk, desk.words
        self.job = _bare("<ma-job></ma-job>", elem_id="job", js_on_load=RELAY, render=False)
        self._banner()
        with gr.Row(elem_id="work"):
            with gr.Column(scale=5, min_width=300), gr.Tabs(elem_id="tabs") as self.tabs:
                self._animate()
                self._edit()
                self._views()
                self._long()
                self._motion()
            with gr.Column(scale=4, min_width=300):
                self.job.render()
                self.message = _bare(elem_id="told")
        _bare("<ma-gallery></ma-gallery>", elem_id="gallery")
        self._remix()

    def _banner(self) -> None:
        other = next(language for language in LANGUAGES if language != self.desk.language)
        model = html.escape(self.desk.service.settings.model_name)
        _bare(
            f'<header><h1>MotionAlchemy</h1><p>{self.words["tagline"]} <span class="quiet">{self.words["served"]}'
            f'{model}</span></p><a id="switch" href="../{other}/" lang="{other}">{self.words["switch"]}</a></header>',
            elem_id="banner",
        )

    def _animate(self) -> None:
        with gr.Tab(self.words["tab_animate"], id="animate"):
            image = picture(self.words["picture_or_none"], 260, "animate-picture")
            prompt = self._prompt("prompt", "prompt_hint", "animate-prompt")
            names = ("seconds", "size", "steps", "guidance", "candidates", "seed", "interpolate", "negative", "loop")
            with gr.Accordion(self.words["settings"], open=False):
                fields = self._fields(names)
                camera = self._camera()
                audio = voice(self.words["audio"], "animate-audio")
                last = picture(self.words["last"], 160, "animate-last")
            make, message = self._button("make", "animate")
            self._examples(image, prompt)

        async def ask(who: Who, image: Any, prompt: str, last: Any, audio: Any, camera: str, *values: Any) -> str:
            own = _named(names, values) | {"camera": (camera or "").strip()}
            return await self.desk.animate(who, image, prompt, own.pop("seconds"), own, last, audio)

        self._on([make.click, prompt.submit], ask, [image, prompt, last, audio, camera, *fields], message)

    def _edit(self) -> None:
        with gr.Tab(self.words["tab_edit"], id="edit"):
            source = self._source("edit", self.job.edit)
            prompt = self._prompt("prompt", "edit_hint", "edit-prompt")
            choices = [(self.words[f"region_{name}"], name) for name in (*REGIONS, BRUSH)]
            region = gr.Radio(choices, value=REGIONS[0], label=self.words["region"], elem_id="edit-region")
            brush = _bare(visible=False)
            other = picture(self.words["other"], 160, "edit-picture")
            mask = gr.Textbox(visible=False)
            names = ("strength", "steps", "guidance", "seed", "interpolate", "negative")
            with gr.Accordion(self.words["settings"], open=False):
                fields = self._fields(names)
            make, message = self._button("make_edit", "edit")

        def paint(region: str, id: str, clip: Any) -> Any:
            return gr.update(value=_element("ma-brush", id), visible=region == BRUSH and bool(id or clip))

        async def ask(
            who: Who, id: str, clip: Any, prompt: str, region: str, mask: str, other: Any, *values: Any
        ) -> str:
            own = _named(names, values)
            return await self.desk.edit(who, id, clip, prompt, region, mask, other, own)

        for changed in (region.change, *(part.change for part in source)):
            changed(paint, [region, *source], brush, show_progress="hidden", api_visibility="private")
        self._on([make.click, prompt.submit], ask, [*source, prompt, region, mask, other, *fields], message, js=MASKED)

    def _views(self) -> None:
        with gr.Tab(self.words["tab_views"], id="views"):
            views = pictures(self.words["views"], "views-pictures")
            prompt = self._prompt("prompt", "views_hint", "views-prompt")
            angles = gr.Textbox(label=self.words["angles"], info=self.words["angles_info"], max_length=1000)
            names = ("seconds", "size", "steps", "guidance", "seed", "interpolate", "negative", "close")
            with gr.Accordion(self.words["settings"], open=False):
                fields = self._fields(names)
            make, message = self._button("make_views", "views")

        async def ask(who: Who, views: Any, prompt: str, angles: str, *values: Any) -> str:
            own = _named(names, values)
            return await self.desk.views(who, views or [], prompt or "", own.pop("seconds"), angles or "", own)

        self._on([make.click, prompt.submit], ask, [views, prompt, angles, *fields], message)

    def _long(self) -> None:
        with gr.Tab(self.words["tab_long"], id="long"):
            image = picture(self.words["long_picture"], 200, "long-picture")
            source = self._source("long", self.job.extend)
            parts = gr.Textbox(
                label=self.words["parts"], placeholder=self.words["parts_hint"], lines=3, max_lines=12,
                max_length=LONGEST_PROMPT, elem_id="long-parts",
            )  # fmt: skip
            each = gr.Number(EACH, label=self.words["each"], minimum=0.1, elem_id="long-each")
            names = ("size", "steps", "guidance", "seed", "interpolate", "negative")
            with gr.Accordion(self.words["settings"], open=False):
                fields = self._fields(names)
            make, message = self._button("make_long", "long")

        async def ask(who: Who, id: str, clip: Any, image: Any, parts: str, each: Any, *values: Any) -> str:
            own = _named(names, values)
            return await self.desk.long(who, id, clip, image, parts or "", each or EACH, own)

        self._on([make.click], ask, [*source, image, parts, each, *fields], message)

    def _motion(self) -> None:
        with gr.Tab(self.words["tab_motion"], id="motion"):
            image = picture(self.words["picture"], 200, "motion-picture")
            prompt = self._prompt("prompt", "prompt_hint", "motion-prompt")
            clip = film(self.words["motion_clip"], 200, "motion-film")
            learned = gr.Dropdown(
                self.desk.service.model.get("motions", []), value=[], multiselect=True, allow_custom_value=True,
                label=self.words["motion_names"], info=self.words["motion_info"], elem_id="motion-names",
            )  # fmt: skip
            names = ("seconds", "size", "steps", "guidance", "seed", "interpolate", "negative")
            with gr.Accordion(self.words["settings"], open=False):
                fields = self._fields(names)
            make, message = self._button("make_motion", "motion")

        async def ask(who: Who, image: Any, prompt: str, clip: Any, learned: Any, *values: Any) -> str:
            return await self.desk.motion(who, image, prompt, clip, learned or [], _named(names, values))

        self._on([make.click, prompt.submit], ask, [image, prompt, clip, learned, *fields], message)

    def _prompt(self, label: str, hint: str, id: str) -> gr.Textbox:
        return gr.Textbox(
            label=self.words[label], placeholder=self.words[hint], lines=1, max_lines=4, max_length=LONGEST_PROMPT,
            elem_id=id,
        )  # fmt: skip

    def _examples(self, image: gr.Image, prompt: gr.Textbox) -> None:
        if EXAMPLES.is_dir():
            mine, folder = LANGUAGES.index(self.desk.language), self.desk.service.settings.data / PAGE_FILES
            rows = [[str(shutil.copy(EXAMPLES / name, folder)), prompts[mine]] for name, prompts in EXAMPLE_CLIPS]
            gr.Examples(rows, [image, prompt], label=self.words["examples"], api_visibility="private")

    def _fields(self, names: Sequence[str]) -> list[Any]:
        """The settings of a task, empty at first; what they may hold is checked by the Request."""
        gr.Markdown(self.words["by_model"], elem_classes="quiet")
        made: dict[str, Any] = {}
        with gr.Row():
            for name in names:
                if name not in ("loop", "close"):
                    made[name] = self._field(name)
        for name in names:
            if name not in made:
                made[name] = gr.Checkbox(label=self.words[name])
        return [made[name] for name in names]

    def _field(self, name: str) -> gr.Textbox:
        """A setting that may be left empty; Gradio's own field for numbers shows a 0 where nothing is given."""
        wide, info = name == "negative", self.words.get(f"{name}_info")
        length = LONGEST_PROMPT if wide else LONGEST_NUMBER
        return gr.Textbox(label=self.words[name], info=info, max_length=length, min_width=400 if wide else 130)

    def _camera(self) -> gr.Textbox:
        """Keys of a camera, and under them which one is wrong, as soon as somebody leaves the field."""
        keys = gr.Textbox(
            label=self.words["camera"],
            info=self.words["camera_info"],
            max_length=LONGEST_PROMPT,
            elem_id="animate-camera",
        )
        message = _bare(elem_id="animate-camera-told")

        def check(text: str) -> str:
            try:
                self.desk.check_camera(text)
            except Refused as refused:
                return self._refused(refused)
            return ""

        keys.blur(check, keys, message, show_progress="hidden", api_visibility="private", concurrency_limit=None)
        return keys

    def _button(self, label: str, name: str) -> tuple[gr.Button, gr.HTML]:
        """A button and, under it, the place of what has to be said about it."""
        make = gr.Button(self.words[label], variant="primary", elem_id=f"{name}-make")
        return make, _bare(elem_id=f"{name}-told")

    def _source(self, tab: str, choose: Callable[..., Any]) -> tuple[gr.State, gr.Video]:
        """The clip of a tab: an uploaded one, or a result whose id an event of the job carries."""
        chosen = gr.State("")
        chip = _bare(visible=False, js_on_load=RELAY)
        clip = film(self.words["long_clip" if tab == "long" else "clip"], 240, f"{tab}-film")

        def take(event: gr.EventData) -> Any:
            id = str(event.id)
            return gr.update(selected=tab), id, gr.update(value=_element("ma-source", id), visible=True), _hidden(True)

        def drop() -> Any:
            return "", _hidden(True), _hidden(False)

        choose(take, None, [self.tabs, chosen, chip, clip], show_progress="hidden", api_visibility="private")
        chip.drop(drop, None, [chosen, chip, clip], show_progress="hidden", api_visibility="private")
        return chosen, clip

    def _on(
        self, events: Sequence[Any], ask: Ask, inputs: Sequence[Any], message: gr.HTML, js: str | None = None
    ) -> None:
        """Ask when one of the events happens: the new video is then looked at, or a refusal shown in one sentence."""

        async def answer(request: gr.Request, *values: Any) -> Any:
            return await self._answered(ask(_who(request), *values))

        gr.on(
            [*events], answer, [*inputs], [self.job, message], js=js, show_progress="hidden", api_visibility="private",
            concurrency_limit=None,
        )  # fmt: skip

    def _remix(self) -> None:
        async def answer(request: gr.Request, event: gr.EventData) -> Any:
            return await self._answered(self.desk.remix(_who(request), str(event.id), str(event.prompt)))

        self.job.remix(answer, None, [self.job, self.message], show_progress="hidden", api_visibility="private")

    async def _answered(self, asked: Awaitable[str]) -> Any:
        """What the job and the line under a button then hold: a new video, or a refusal in one sentence."""
        try:
            return _element("ma-job", await asked), ""
        except Refused as refused:
            return gr.skip(), self._refused(refused)

    def _refused(self, refused: Refused) -> str:
        return f'<p class="refusal" role="alert">{html.escape(self.desk.refusal(refused))}</p>'


def _bare(value: str = "", **options: Any) -> gr.HTML:
    """HTML that looks as page.css says."""
    return gr.HTML(value, apply_default_css=False, **options)


def _named(names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(names, values, strict=True))


def _hidden(hidden: bool) -> Any:
    return gr.update(visible=not hidden)


def _element(name: str, id: str) -> str:
    """An element of page.js about a video."""
    return f'<{name} video="{html.escape(id)}"></{name}>'


def _who(request: gr.Request) -> Who:
    """Who asks, as the server's guard found out."""
    assert request.request is not None
    return request.request.scope["state"]["who"]
