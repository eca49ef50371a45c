"""Camera keys, a voice, and what was heard and not done: through the page and the API, by the model that moves pictures."""

import base64
import re
import shutil
import wave
from pathlib import Path

import pytest
from server_process import ROOT, png, serving, until

from motionalchemy.server.answers import invalid

pytest.importorskip("gradio", reason="the page needs Gradio")
playwright = pytest.importorskip("playwright.sync_api", reason="Playwright drives the browser of these tests")
page_words, page_notes, page_ask = (
    pytest.importorskip(f"motionalchemy.server.page_{name}") for name in ("words", "notes", "ask")
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
KEYS = "0:0,0,1 1:0.2,0,1.3"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("camera") / "data", "--page", "--model", "nano") as server:
        yield server


def sound(path: Path) -> bytes:
    """A second of a tone, as WAV."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(v for n in range(8000) for v in ((n * 97) % 251, 20)))
    return path.read_bytes()


@pytest.mark.parametrize(
    ("note", "chinese"),
    [
        ("'waves' is not done: no water was surely found in the picture", "没有做“waves”：图中没有确切找到水"),
        ("'it waves' is not done: no person with a skeleton was found; it breathes and sways a little instead",
         "没有做“it waves”：没有找到能看出骨架的人；改为轻轻呼吸、摇晃"),
        ("'it waves' is not done with the arms (left arm: it points at us)", "没有用手臂做“it waves”（左臂：正对着我们）"),
        ("camera: zoom in, then pan left", "镜头：变焦靠近，然后横摇向左"),
        ("sound: mp3 is written as aac", "声音：mp3 改存为 aac。"),
        ("a note of another kind", "a note of another kind"),
    ],
)  # fmt: skip
def test_notes_are_told_in_chinese(note, chinese):
    assert page_notes.in_chinese(note) == chinese


def test_every_rule_fills_all_that_it_found():
    for pattern, chinese in page_notes.NOTES_ZH:
        assert len(set(re.findall(r"\{\d\}", chinese))) == re.compile(pattern).groups, pattern
        assert "(?P" not in pattern  # JavaScript writes named groups otherwise


def test_a_wrong_key_is_named_in_both_languages():
    desk = page_ask.Desk(None, "zh")
    with pytest.raises(type(invalid(""))) as raised:
        desk.check_camera("0:0,0,1 1:far,0,1")
    assert "第 2 个关键帧“1:far,0,1”" in desk.refusal(raised.value)
    assert "Key 2 of the camera, '1:far,0,1'," in page_ask.Desk(None, "en").refusal(raised.value)
    desk.check_camera(KEYS), desk.check_camera(" "), desk.check_camera(None)


@pytest.mark.slow
def test_the_api_takes_keys_and_a_voice(server, tmp_path):
    def ask(**own):
        picture = "data:image/png;base64," + base64.b64encode(png()).decode()
        body = {"input_reference": picture, "motionalchemy": {"size": 64, "fps": 8} | own}
        return server.client.videos.create(prompt="it talks", seconds="1", extra_body=body)

    voice = "data:audio/wav;base64," + base64.b64encode(sound(tmp_path / "voice.wav")).decode()
    made = ask(camera=KEYS, audio=voice)
    until(lambda: server.client.videos.retrieve(made.id).status == "completed", 300)
    assert server.client.videos.retrieve(made.id).motionalchemy["settings"]["camera"] == KEYS
    for wrong, why in (
        ({"camera": "0:0,0,1 1:9,0,1"}, "key 2 of the camera, '1:9,0,1', has right '9'"),
        ({"audio": "data:audio/wav;base64," + base64.b64encode(b"hello").decode()}, "'audio' is damaged"),
    ):
        with pytest.raises(Exception, match="400") as raised:
            ask(**wrong)
        assert why in str(raised.value)


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here")
@pytest.mark.parametrize("spoken", page_words.LANGUAGES)
def test_the_page_takes_keys_and_a_voice_and_says_what_was_not_done(server, tmp_path, spoken):
    words = page_words.words(spoken)
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(locale="en-US", viewport={"width": 1280, "height": 1500})
        page.set_default_timeout(180_000)
        page.goto(f"{server.url}/{spoken}/")
        page.wait_for_selector("#animate-make")
        picture = [{"name": "horse.png", "mimeType": "image/png", "buffer": (ROOT / "examples/horse.png").read_bytes()}]
        page.set_input_files("#animate-picture input[type=file]", picture)
        page.wait_for_selector("#animate-picture img")
        page.fill("#animate-prompt textarea", "the waves roll in, she talks")
        panel = page.locator("#animate-make").locator("xpath=ancestor::*[@role='tabpanel']")
        panel.get_by_role("button", name=words["settings"]).click()
        panel.get_by_label(words["size"]).fill("64")
        panel.get_by_label(words["seconds"], exact=True).fill("1")
        page.fill("#animate-camera textarea, #animate-camera input", "0:0,0,1 1:far,0,1")
        page.locator("#animate-prompt textarea").focus()
        page.wait_for_selector("#animate-camera-told .refusal")
        assert "1:far,0,1" in page.inner_text("#animate-camera-told")
        page.screenshot(path=str(tmp_path / f"refused-{spoken}.png"))
        page.fill("#animate-camera textarea, #animate-camera input", KEYS)
        page.locator("#animate-prompt textarea").focus()
        page.wait_for_selector("#animate-camera-told .refusal", state="detached")
        voice = [{"name": "voice.wav", "mimeType": "audio/wav", "buffer": sound(tmp_path / "voice.wav")}]
        page.set_input_files("#animate-audio input[type=file]", voice)
        page.wait_for_selector("#animate-audio .file-preview")
        page.click("#animate-make")
        page.wait_for_selector("ma-job[data-state=completed]")
        heard = page.inner_text("ma-job .heard")
        page.screenshot(path=str(tmp_path / f"heard-{spoken}.png"))
        browser.close()
    made = server.client.videos.list(limit=1).data[0]
    assert made.motionalchemy["settings"]["camera"] == KEYS
    assert (server.data / "videos" / made.id / "audio").exists()
    notes = made.motionalchemy["notes"]
    assert any("is not done" in note for note in notes)
    told = [page_notes.in_chinese(note) if spoken == "zh" else note for note in notes]
    assert all(note in heard for note in told) and words["heard"] in heard
