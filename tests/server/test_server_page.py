"""The page, used by a person in a real browser against a real server; and what it closes, without a browser."""

import re
import shutil
from contextlib import contextmanager

import httpx2
import pytest
from server_process import ROOT, Server, create, png, serving, until
from test_server_proxy import NGINX, nginx

pytest.importorskip("gradio", reason="the page needs Gradio")
playwright = pytest.importorskip("playwright.sync_api", reason="Playwright drives the browser of these tests")
page_words, page_ask, page_gate, page_tabs = (
    pytest.importorskip(f"motionalchemy.server.page_{name}") for name in ("words", "ask", "gate", "tabs")
)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
browsing = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here")
PATIENCE = 180_000  # milliseconds: a busy machine draws slowly
SENTENCES = {  # what a person reads, by language
    "en": {"no_prompt": "Write what happens, in one sentence."},
    "zh": {"no_prompt": "请用一句话写出发生什么。"},
}

CHANGED = "said => !document.querySelector('#animate-told').innerText.includes(said)"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("page") / "data", "--page") as server:
        yield server


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@contextmanager
def visiting(browser, url, locale="en-US", width=1280, height=900, **options):
    """A page in a fresh profile; fails if anything but this server was asked for anything, or a script failed."""
    context = browser.new_context(locale=locale, viewport={"width": width, "height": height}, **options)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    strangers, faults = [], []
    page.on("request", lambda r: r.url.startswith((url, "data:", "blob:")) or strangers.append(r.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    try:
        page.goto(f"{url}/")
        page.wait_for_selector("#animate-make")
        yield page
        assert strangers == []
        assert faults == []
    finally:
        context.close()


def upload(page, where, data, name="picture.png", kind="image/png"):
    files = [{"name": name, "mimeType": kind, "buffer": one} for one in (data if isinstance(data, list) else [data])]
    page.set_input_files(f"{where} input[type=file]", files)


def ended(page, state="completed"):
    page.wait_for_selector(f"ma-job[data-state={state}]")
    return page.evaluate("document.querySelector('ma-job').id_")


def quick(page, tab, spoken="en"):
    """Open the settings of a tab and ask for few steps; returns the tab."""
    panel, words = page.locator(f"#{tab}-make").locator("xpath=ancestor::*[@role='tabpanel']"), page_words.words(spoken)
    panel.get_by_role("button", name=words["settings"]).click()
    panel.get_by_label(words["steps"]).fill("2")
    return panel


def last(server):
    return server.client.videos.list(limit=1).data[0]


@browsing
def test_an_example_becomes_a_video_that_plays_and_downloads(server, browser):
    with visiting(browser, server.url) as page:
        page.click(f"text={page_tabs.EXAMPLE_CLIPS[1][1][0]}")
        page.wait_for_selector("#animate-picture img")
        assert page.evaluate("document.querySelector('#animate-picture img').complete")
        quick(page, "animate").get_by_label("Frames, times").fill("2")
        page.click("#animate-make")
        id = ended(page)
        video = page.locator("ma-job video")
        page.wait_for_function("document.querySelector('ma-job video').readyState >= 2")
        assert video.evaluate("v => v.videoWidth") > 0
        with page.expect_download() as download:
            page.click("ma-job a[download]")
        assert b"ftyp" in download.value.path().read_bytes()[:16]
        assert last(server).id == id and last(server).prompt == page_tabs.EXAMPLE_CLIPS[1][1][0]
        page.click(f"ma-gallery [data-video={id}] summary")
        text = page.inner_text(f"ma-gallery [data-video={id}] dl")
        assert "seed" in text and "animate" in text and re.search(r"frames, times\s+2", text)


@pytest.mark.slow
@browsing
def test_an_own_picture_by_keyboard_alone(server, browser):
    with visiting(browser, server.url) as page:
        upload(page, "#animate-picture", png())
        page.wait_for_selector("#animate-picture img")
        page.focus("#animate-prompt textarea")
        page.keyboard.type("it drifts left")
        page.keyboard.press("Enter")
        ended(page)
        for _ in range(60):  # Tab leads to the result's own prompt, and Enter there makes it again
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.matches('ma-job input')"):
                break
        page.keyboard.press("Control+A")
        page.keyboard.type("it stands still")
        before = last(server).id
        page.keyboard.press("Enter")
        page.wait_for_function("before => document.querySelector('ma-job').id_ !== before", arg=before)
        assert server.client.videos.retrieve(ended(page)).prompt == "it stands still"
        assert last(server).remixed_from_video_id == before


@pytest.mark.slow
@browsing
def test_a_sentence_without_a_picture_is_imagined(server, browser):
    with visiting(browser, server.url) as page:
        page.fill("#animate-prompt textarea", "it drifts up")
        quick(page, "animate")
        page.click("#animate-make")
        id = ended(page)
        assert last(server).id == id
        page.click(f"ma-gallery [data-video={id}] summary")
        assert "imagine" in page.inner_text(f"ma-gallery [data-video={id}] dl")


@browsing
@pytest.mark.parametrize(("spoken", "locale", "width"), [("en", "en-GB", 1280), ("zh", "zh-CN", 390)])
def test_refusals_are_one_sentence_in_the_language_of_the_browser(server, browser, spoken, locale, width):
    with visiting(browser, server.url, locale, width) as page:
        assert page.get_attribute("html", "lang") == page_words.LOCALES[spoken]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        refusal = page.locator("#animate-told .refusal")
        page.click("#animate-make")
        refusal.wait_for()
        assert refusal.inner_text() == SENTENCES[spoken]["no_prompt"]
        page.fill("#animate-prompt textarea", "x")
        candidates = quick(page, "animate", spoken).get_by_label(page_words.words(spoken)["candidates"])
        candidates.fill("4")
        page.click("#animate-make")
        page.wait_for_function(CHANGED, arg=SENTENCES[spoken]["no_prompt"])
        text = refusal.inner_text()
        assert ("不会挑选" if spoken == "zh" else "cannot choose") in text
        candidates.fill("")
        upload(page, "#animate-picture", b"no picture at all")
        page.click("#animate-make")
        page.wait_for_function(CHANGED, arg=text)
        text = refusal.inner_text()
        assert len(re.findall("[.。]", text)) >= 1 and ("图片" in text if spoken == "zh" else "picture" in text)
        assert "input_reference" not in text
        assert str(server.data) not in text


@pytest.mark.slow
@browsing
def test_the_switch_changes_the_language_for_good(server, browser):
    with visiting(browser, server.url, "en-US") as page:
        page.click("#switch")
        page.wait_for_selector("text=一张图片加一句话，变成一段视频。")
        page.goto(f"{server.url}/")
        page.wait_for_selector("text=生成视频")
        assert page.get_attribute("html", "lang") == "zh-CN"


@pytest.mark.slow
@browsing
def test_a_result_is_edited_where_it_was_painted(server, browser):
    made = create(server.client)
    until(lambda: server.client.videos.retrieve(made.id).status == "completed")
    with visiting(browser, f"{server.url}") as page:
        page.click(f"ma-gallery [data-video={made.id}] .face")
        ended(page)
        page.click("ma-job button.edit")
        page.wait_for_selector("ma-source img")
        page.fill("#edit-prompt textarea", "it drifts right")
        page.get_by_label("what I paint").check()
        page.wait_for_function("document.querySelector('ma-brush')?.picture")
        page.click("#edit-make")
        page.wait_for_selector("#edit-told .refusal")
        assert page.inner_text("#edit-told") == page_words.words("en")["no_mask"]
        box = page.locator("ma-brush canvas").bounding_box()
        page.mouse.move(box["x"] + box["width"] * 0.1, box["y"] + box["height"] / 2)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] / 2, steps=4)
        page.mouse.up()
        page.focus("ma-brush canvas")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Space")
        painted = page.evaluate("document.querySelector('ma-brush').strokes.length")
        assert painted == 2
        quick(page, "edit")
        page.click("#edit-make")
        page.wait_for_function("id => document.querySelector('ma-job').id_ !== id", arg=made.id)
        edited = server.client.videos.retrieve(ended(page))
        assert edited.motionalchemy["task"] == "edit"
        folder = server.data / "videos" / edited.id
        assert (folder / "region").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
@browsing
def test_several_views_and_a_long_story_that_goes_on(server, browser):
    with visiting(browser, server.url) as page:
        page.get_by_role("tab", name="Views").click()
        upload(page, "#views-pictures", [png(seed=1), png(seed=2)])
        page.get_by_label("Angles in degrees").fill("0, 90")
        page.wait_for_selector("#views-pictures .file-preview")
        quick(page, "views")
        page.click("#views-make")
        orbit = server.client.videos.retrieve(ended(page))
        assert orbit.motionalchemy["task"] == "orbit"
        assert orbit.motionalchemy["settings"]["angles"] == [0, 90]
        page.click("ma-job button.extend")
        page.wait_for_selector("#long-parts:visible")
        page.wait_for_selector("ma-source:visible img")
        page.fill("#long-parts textarea", "it drifts left\nit drifts right")
        page.fill("#long-each input", "1")
        quick(page, "long")
        page.click("#long-make")
        page.wait_for_function("id => document.querySelector('ma-job').id_ !== id", arg=orbit.id)
        longer = server.client.videos.retrieve(ended(page))
        assert longer.motionalchemy["task"] == "extend"
        assert float(longer.seconds) > float(orbit.seconds) + 1.5


@pytest.mark.slow
@browsing
def test_a_picture_moves_as_a_video_shows(server, browser):
    shown = create(server.client)
    until(lambda: server.client.videos.retrieve(shown.id).status == "completed")
    clip = server.client.videos.download_content(shown.id).read()
    with visiting(browser, server.url) as page:
        page.get_by_role("tab", name="Motion").click()
        upload(page, "#motion-picture", png(seed=3))
        page.fill("#motion-prompt textarea", "it drifts left")
        page.click("#motion-make")
        page.wait_for_selector("#motion-told .refusal")
        assert page.inner_text("#motion-told") == page_words.words("en")["no_motion"]
        upload(page, "#motion-film", clip, "clip.mp4", "video/mp4")
        page.wait_for_selector("#motion-film video")
        quick(page, "motion")
        page.click("#motion-make")
        made = server.client.videos.retrieve(ended(page))
        assert made.motionalchemy["task"] == "animate" and "motion" not in made.motionalchemy["settings"]
        assert (server.data / "videos" / made.id / "motion-1.mp4").read_bytes() == clip


@pytest.mark.slow
@browsing
def test_progress_cancel_and_a_server_that_goes_and_comes_back(tmp_path, browser):
    data = tmp_path / "data"
    server = Server(data, "--page")
    port = server.url.rpartition(":")[2]
    slow = {"steps": 200, "size": 128}
    try:
        long = create(server.client, seconds="8", own=slow)
        with visiting(browser, server.url) as page:
            page.evaluate(f"location.hash = '{long.id}'; document.querySelector('ma-job').follow('{long.id}')")
            page.wait_for_selector("ma-job[data-state=in_progress]")
            page.wait_for_function("document.querySelector('ma-job .where').innerText.includes('step')")
            page.wait_for_selector("ma-job img")  # the preview
            server.kill()
            page.wait_for_selector("ma-job .note:visible")
            assert page.inner_text("ma-job .note") == page_words.words("en")["lost"]
            server = Server(data, "--page", "--port", port)
            page.wait_for_selector("ma-job .note", state="hidden")
            page.wait_for_selector("ma-job[data-state=in_progress] button.cancel")
            page.click("ma-job button.cancel")
            ended(page, "cancelled")
            assert page.inner_text("ma-job strong") == page_words.words("en")["cancelled"]
            assert server.client.videos.retrieve(long.id).status == "cancelled"
    finally:
        server.process.poll() is None and server.stop()


@pytest.mark.slow
@browsing
def test_a_public_page_asks_for_a_key_and_each_key_sees_its_own(tmp_path, browser):
    from motionalchemy.server import keys

    file = tmp_path / "keys.txt"
    alice, bob = keys.add(file, "alice"), keys.add(file, "bob")
    with serving(tmp_path / "data", "--page", "--host", "127.0.0.1", "--public", "--api-key-file", str(file)) as server:
        asked = httpx2.get(f"{server.url}/", headers={"accept": "text/html", "accept-language": "zh"})
        assert asked.status_code == 401 and "Basic" in asked.headers["www-authenticate"]
        assert page_words.words("zh")["key_needed"] in asked.text
        moved = httpx2.get(f"{server.url}/en/", headers={"accept": "text/html"})
        assert (moved.status_code, moved.headers["location"]) == (302, "/")
        with visiting(browser, server.url, http_credentials={"username": "any", "password": alice}) as page:
            upload(page, "#animate-picture", png())
            page.wait_for_selector("#animate-picture img")
            page.fill("#animate-prompt textarea", "it drifts left")
            quick(page, "animate")
            page.click("#animate-make")
            id = ended(page)
            page.wait_for_selector(f"ma-gallery [data-video={id}] img")
        with visiting(browser, server.url, http_credentials={"username": "any", "password": bob}) as page:
            page.wait_for_selector("ma-gallery .nothing")


def test_only_what_the_page_needs_of_gradio_is_answered(server):
    page = httpx2.get(f"{server.url}/en/")
    assert page.status_code == 200
    assert "unsafe-eval" in (policy := page.headers["content-security-policy"]) and "connect-src 'self'" in policy
    assert not re.search(r"(?:src|href|content)=\"https?://(?!127\.0\.0\.1)", page.text)
    for path in (
        "gradio_api/proxy=http://127.0.0.1:1/", "gradio_api/file=http://127.0.0.1:1/", "gradio_api/info", "monitoring",
        "gradio_api/openapi.json", "gradio_api/runs", "gradio_api/vibe-code", "nothing",
    ):  # fmt: skip
        assert httpx2.get(f"{server.url}/en/{path}").status_code == 404, path
    for path in ("gradio_api/vibe-edit", "gradio_api/call/predict", "gradio_api/component_server", "login"):
        assert httpx2.post(f"{server.url}/en/{path}", json={}).status_code == 404, path
    for file in (server.data / "jobs.sqlite3", ROOT / "README.md", "/etc/passwd"):
        assert httpx2.get(f"{server.url}/en/gradio_api/file={file}").status_code in (403, 404), file
    remote = {"path": "http://127.0.0.1:1/x.png", "meta": {"_type": "gradio.FileData"}}
    press = {"data": [remote], "fn_index": 0, "session_hash": "s"}
    for path in ("queue/join", "run/predict"):
        answer = httpx2.post(f"{server.url}/en/gradio_api/{path}", json=press)
        assert answer.status_code == 400 and "fetches no address" in answer.json()["error"]["message"]
    crossed = httpx2.get(f"{server.url}/en/config", headers={"origin": "http://localhost:1"})
    assert not [name for name in crossed.headers if name.startswith("access-control")]


@pytest.mark.slow
def test_uploads_are_bounded(tmp_path):
    with serving(tmp_path / "data", "--page", "--upload-mb", "1") as server:
        address, files = f"{server.url}/en/gradio_api/upload", {"files": ("a.png", bytes(3 * 2**20), "image/png")}
        assert httpx2.post(address, files=files).status_code == 413
        endless = httpx2.post(address, content=iter([b"x" * 10]), headers={"content-type": "multipart/form-data"})
        assert endless.status_code == 411


def test_the_first_page_is_in_the_language_of_the_browser(server):
    for spoken, headers in [
        ("zh", {"accept-language": "zh-TW,zh;q=0.9,en;q=0.8"}),
        ("en", {"accept-language": "en-US,en;q=0.9,zh;q=0.8"}),
        ("en", {"accept-language": "fr"}),
        ("zh", {"accept-language": "en", "cookie": "a=b; language=zh"}),
    ]:
        assert page_gate.language(headers) == spoken
        assert httpx2.get(f"{server.url}/", headers=headers).headers["location"] == f"{spoken}/"


def test_every_word_is_there_in_both_languages():
    english, chinese = page_words.words("en"), page_words.words("zh")
    assert english.keys() == chinese.keys()
    for name, words in english.items():
        assert words and chinese[name]
        assert re.findall(r"\{\w+", words) == re.findall(r"\{\w+", chinese[name]), name
        assert name == "switch" or not re.search("[一-鿿]", words), name
    script = (ROOT / "motionalchemy/server/page.js").read_text(encoding="utf-8")
    assert {name for name in re.findall(r'say\("(\w+)"', script)} <= english.keys()


def test_parts_become_one_prompt():
    assert page_ask.story(["it walks", "it runs"], 1.5) == "0-1.5: it walks | 1.5-3: it runs"
    assert page_ask.story(["it walks"], 2) == "it walks"


def test_an_empty_field_is_left_out_and_a_zero_is_not():
    fields = {"seed": "0", "steps": "", "loop": False, "size": None, "guidance": 0}
    assert page_ask.drawn(fields) == {"seed": "0", "guidance": 0}
    assert 0 <= page_ask.drawn({"seed": ""})["seed"] < page_ask.SEEDS


def test_a_file_elsewhere_is_foreign():
    assert page_gate.foreign(b'{"data": [{"a": [{"\\u0070ath": "https://example.com/a.png"}]}]}')
    assert page_gate.foreign(b"not json")
    assert not page_gate.foreign(b'{"data": [{"path": "/upload/a.png"}, "https://example.com in a prompt"]}')


@browsing
@pytest.mark.skipif(NGINX is None, reason="no nginx is installed here")
def test_a_person_makes_a_video_through_nginx_under_a_path(browser, server, tmp_path):
    with (
        nginx(tmp_path / "nginx", f"location /motion/ {{ proxy_pass {server.url}/; }}") as url,
        visiting(browser, f"{url}/motion") as page,
    ):
        upload(page, "#animate-picture", png())
        page.get_by_label(page_words.words("en")["prompt"]).first.fill("it drifts right")
        quick(page, "animate")
        page.click("#animate-make")
        ended(page)
        assert page.evaluate("document.querySelector('ma-job video').readyState >= 0")
