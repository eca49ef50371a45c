"""The API through its own door: the real client of OpenAI against a real server process."""

import base64
import json
import re

import httpx2
import openai
import pytest
from openai.types import Video
from server_process import QUICK, SLOW, create, png, serving, until

from motionalchemy.media import reader
from motionalchemy.parts import weights

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API")

DATA_URI = "data:image/png;base64," + base64.b64encode(png()).decode()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server") / "data") as server:
        yield server


@pytest.fixture(scope="module")
def client(server):
    return server.client


@pytest.fixture(scope="module")
def made(client):
    """A completed video of 0.4 s."""
    video = client.videos.poll(create(client).id)
    assert video.status == "completed", video.error
    return video


@pytest.fixture
def http(server):
    with httpx2.Client(base_url=server.url, timeout=60) as http:
        yield http


def clip_of(client, id, tmp_path):
    path = tmp_path / f"{id}.mp4"
    path.write_bytes(client.videos.download_content(id).read())
    return reader.read_clip(path)


def refused(call):
    with pytest.raises(openai.APIStatusError) as error:
        call()
    assert set(error.value.body) == {"message", "type", "param", "code"} and len(error.value.body["message"]) > 20
    return error.value


def test_create_and_poll_makes_the_clip_that_was_asked_for(client, tmp_path):
    picture = ("../horse.png", png(), "image/png")
    own = {"motionalchemy": QUICK | {"seed": 7}}
    video = client.videos.create_and_poll(
        prompt="马儿向左 drifts", input_reference=picture, seconds="0.5", size="96x64", model="ideal", extra_body=own
    )
    assert (video.status, video.progress, video.error) == ("completed", 100, None)
    assert (video.object, video.model, video.size, video.seconds) == ("video", "ideal", "96x64", "0.4")
    assert video.prompt == "马儿向左 drifts" and video.created_at <= video.completed_at < video.expires_at
    assert video.motionalchemy["settings"].items() >= {"seed": 7, "steps": 2, "fps": 12.0}.items()
    clip = clip_of(client, video.id, tmp_path)
    assert (len(clip), clip.width, clip.height, clip.fps) == (5, 96, 64, 12)


def test_content_comes_in_variants_and_ranges(client, made, http, tmp_path):
    whole = http.get(f"/v1/videos/{made.id}/content")
    assert whole.headers["content-type"] == "video/mp4" and f"{made.id}.mp4" in whole.headers["content-disposition"]
    part = http.get(f"/v1/videos/{made.id}/content", headers={"Range": "bytes=4-11"})
    assert part.status_code == 206 and part.content == whole.content[4:12] == b"ftypisom"
    assert part.headers["content-range"] == f"bytes 4-11/{len(whole.content)}"
    assert http.get(f"/v1/videos/{made.id}/content", headers={"Range": "bytes=99999999-"}).status_code == 416
    still = tmp_path / "still.webp"
    still.write_bytes(client.videos.download_content(made.id, variant="thumbnail").read())
    assert reader.read_image(still).shape[:2] == clip_of(client, made.id, tmp_path).frames.shape[1:3]
    sheet = tmp_path / "sheet.webp"
    sheet.write_bytes(client.videos.download_content(made.id, variant="spritesheet").read())
    assert reader.read_image(sheet).shape[1] > 4 * 64
    sidecar = http.get(f"/v1/videos/{made.id}/content?variant=sidecar").json()
    assert sidecar["request"]["image"] == "input_reference" and sidecar["request"]["prompt"] == "it drifts left"
    assert refused(lambda: client.videos.download_content(made.id, variant="audio")).status_code == 400


def test_remix_is_the_same_request_with_another_prompt(client, made, tmp_path):
    remix = client.videos.poll(client.videos.remix(made.id, prompt="it drifts right").id)
    assert (remix.status, remix.remixed_from_video_id, remix.prompt) == ("completed", made.id, "it drifts right")
    assert remix.motionalchemy["settings"] == made.motionalchemy["settings"]
    before, after = clip_of(client, made.id, tmp_path), clip_of(client, remix.id, tmp_path)
    assert abs(before.frames[0].astype(int) - after.frames[0]).mean() < 3
    assert abs(before.frames[-1].astype(int) - after.frames[-1]).mean() > 10


@pytest.mark.parametrize("how", ["file", "id"])
def test_edits_and_extensions(client, made, tmp_path, how):
    def derive(path, **body):
        if how == "id":  # the client's own methods take only files
            return client.post(path, body=body | {"video": {"id": made.id}}, cast_to=Video)
        file = client.videos.download_content(made.id).read()
        method = client.videos.edit if path.endswith("edits") else client.videos.extend
        return method(video=file, extra_body={"motionalchemy": body.pop("motionalchemy")}, **body)

    own = {"steps": 2, "method": "redraw", "strength": 0.5}
    edit = client.videos.poll(derive("/videos/edits", prompt="it drifts up", motionalchemy=own).id)
    assert (edit.status, edit.size, edit.seconds) == ("completed", made.size, made.seconds), edit.error
    longer = client.videos.poll(
        derive("/videos/extensions", prompt="left", seconds="0.5", motionalchemy={"steps": 2}).id
    )
    assert longer.status == "completed", longer.error
    clip, before = clip_of(client, longer.id, tmp_path), clip_of(client, made.id, tmp_path)
    assert len(clip) > len(before) and float(longer.seconds) == round(len(clip) / 12, 1)
    assert abs(clip.frames[: len(before)].astype(int) - before.frames).mean() < 6


def test_a_picture_for_an_edit_is_read_and_what_the_model_cannot_bring_is_refused(client, made):
    def ask(picture):
        body = {"prompt": "replace it with this", "video": {"id": made.id}, "input_reference": picture}
        return refused(lambda: client.post("/videos/edits", body=body, cast_to=Video))

    assert "use nano" in ask({"image_url": DATA_URI}).body["message"]
    assert ask("https://example.com/a.png").body["param"] == "input_reference"


def test_what_an_upload_began_outlives_it(client, made):
    video = create(client)
    remix = client.videos.remix(video.id, prompt="it drifts up")
    client.videos.delete(video.id)
    assert client.videos.poll(remix.id).status == "completed"


def test_other_tasks_in_our_own_namespace(client, made):
    clip = "data:video/mp4;base64," + base64.b64encode(client.videos.download_content(made.id).read()).decode()
    views = [DATA_URI, "data:image/png;base64," + base64.b64encode(png(seed=1)).decode()]
    for prompt, own, task in (
        ("it drifts up", {}, "imagine"),
        ("around", {"views": views, "angles": [0, 40]}, "orbit"),
        ("it drifts left", {"last": DATA_URI}, "animate"),
        ("it drifts left", {"motion": [clip]}, "animate"),
    ):
        picture = {"input_reference": {"image_url": DATA_URI}} if task == "animate" else {}
        body = {"prompt": prompt, "seconds": 0.5, "motionalchemy": QUICK | own} | picture
        video = client.videos.poll(client.post("/videos", body=body, cast_to=Video).id)
        assert (video.status, video.motionalchemy["task"]) == ("completed", task), video.error
        assert not {"motion", "last", "views"} & video.motionalchemy["settings"].keys()  # names of files are ours
    unknown = {"prompt": "left", "input_reference": {"image_url": DATA_URI}, "motionalchemy": {"motion": ["moonwalk"]}}
    assert "learned on nano" in refused(lambda: client.post("/videos", body=unknown, cast_to=Video)).body["message"]


def test_pages_of_the_list(client, made):
    ids = [create(client).id for _ in range(3)]
    newest = client.videos.list(limit=2)
    assert [video.id for video in newest.data] == ids[:0:-1] and newest.has_more
    listed = [video.id for video in client.videos.list(limit=2)]
    assert listed[:3] == ids[::-1] and listed[-1] == client.videos.list(order="asc", limit=1).data[0].id
    assert len(listed) == len(set(listed)) and made.id in listed
    assert refused(lambda: client.videos.list(after="video_none")).status_code == 404
    for id in ids:
        client.videos.poll(id)


def test_delete(client, server):
    video = client.videos.poll(create(client).id)
    gone = client.videos.delete(video.id)
    assert (gone.id, gone.deleted, gone.object) == (video.id, True, "video.deleted")
    assert not (server.data / "videos" / video.id).exists()
    assert all(
        refused(call).status_code == 404
        for call in (
            lambda: client.videos.retrieve(video.id), lambda: client.videos.delete(video.id),
            lambda: client.videos.download_content(video.id), lambda: client.videos.remix(video.id, prompt="left"),
        )
    )  # fmt: skip


def test_cancel_takes_a_step_and_leaves_no_clip(client, http, server):
    running, waiting = (create(client, seconds="4", own=SLOW).id for _ in range(2))
    until(lambda: client.videos.retrieve(running).status == "in_progress")
    assert refused(lambda: client.videos.download_content(running)).body["code"] == "not_ready"
    queued = client.videos.retrieve(waiting)
    assert (queued.status, queued.motionalchemy["position"]) == ("queued", 0)
    assert http.post(f"/v1/videos/{waiting}/cancel").json()["status"] == "cancelled"
    http.post(f"/v1/videos/{running}/cancel")
    until(lambda: client.videos.retrieve(running).status == "cancelled", 10)
    assert [file.name for file in (server.data / "videos" / running).iterdir()] == ["input_reference"]
    assert client.videos.poll(running).status == "cancelled"  # the real client comes back from it


def test_deleting_stops_what_is_made(client, server):
    video = create(client, seconds="4", own=SLOW).id
    until(lambda: client.videos.retrieve(video).status == "in_progress")
    client.videos.delete(video)
    assert client.videos.poll(create(client).id).status == "completed"  # the worker is free again
    until(lambda: not (server.data / "videos" / video).exists())


def test_an_idempotency_key_makes_one_video(client):
    body, key = {"prompt": "up", "motionalchemy": QUICK}, {"headers": {"Idempotency-Key": "one"}}
    first, again = (client.post("/videos", body=body, cast_to=Video, options=key) for _ in range(2))
    assert first.id == again.id


def test_events_tell_progress_with_previews(client, http):
    video = create(client, seconds="4", own=SLOW).id
    seen, name = [], None
    with http.stream("GET", f"/v1/videos/{video}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                seen.append((name, json.loads(line[6:])))
                if name == "progress" and seen[-1][1]["preview"]:
                    http.post(f"/v1/videos/{video}/cancel")
    names = [name for name, _ in seen]
    assert names[-1] == "cancelled" and set(names[:-1]) == {"progress"}
    preview = next(update["preview"] for _, update in seen if update.get("preview"))
    assert base64.b64decode(preview.partition("base64,")[2])[8:12] == b"WEBP"
    progress = [update["progress"] for _, update in seen]
    assert progress == sorted(progress) and any(update["motionalchemy"]["seconds_left"] for _, update in seen)
    assert refused(lambda: client.get("/videos/video_none/events", cast_to=str)).status_code == 404


def test_models_health_and_metrics(client, http, made):
    assert [model.id for model in client.models.list()] == ["ideal"]
    assert client.models.retrieve("ideal").motionalchemy["summary_zh"]
    assert refused(lambda: client.models.retrieve("sora-2")).status_code == 404
    assert http.get("/healthz").json() == {
        "status": "ok",
        "workers": {"cpu": True},
        "parts": {"rife": weights.present("rife")},
    }
    text = http.get("/metrics").text
    assert re.search(r'motionalchemy_jobs\{state="completed"\} [1-9]', text)
    assert 'route="/v1/videos/{video_id}"' in text and made.id not in text


def test_polling_is_told_when_to_come_back(http, made):
    assert http.get(f"/v1/videos/{made.id}").headers["openai-poll-after-ms"] == "500"


BAD = [
    ({}, "prompt is missing"),
    ({"prompt": ""}, "prompt"),
    ({"prompt": "🐎"}, "letter or digit"),
    ({"prompt": "x" * 2001}, "2000 characters"),
    ({"prompt": "left\ud800"}, "prompt"),
    ({"prompt": 7}, "prompt"),
    ({"prompt": "left", "sed": 1}, "unknown parameter 'sed': choose one of input_reference"),
    ({"prompt": "left", "model": "sora-2"}, "no model 'sora-2'"),
    ({"prompt": "left", "model": "/etc"}, "no model '/etc'"),
    ({"prompt": "left", "seconds": "ten"}, "must be a number"),
    ({"prompt": "left", "seconds": "nan"}, "must be a number"),
    ({"prompt": "left", "seconds": "-1"}, "more than 0"),
    ({"prompt": "left", "seconds": "599"}, "at most 120"),
    ({"prompt": "left", "size": "big"}, "size"),
    ({"prompt": "left", "size": "20x20"}, "64 to 2048"),
    ({"prompt": "left", "input_reference": "http://127.0.0.1/a.png"}, "fetches no address"),
    ({"prompt": "left", "input_reference": {"image_url": "file:///etc/passwd"}}, "fetches no address"),
    ({"prompt": "left", "input_reference": {"file_id": "x"}}, "input_reference cannot be used"),
    ({"prompt": "left", "input_reference": "data:image/png;base64,AAA"}, "base64 is damaged"),
    ({"prompt": "left", "input_reference": "data:image/png;base64,aGVsbG8="}, "not a picture"),
    ({"prompt": "left", "motionalchemy": {"image": "/etc/passwd"}}, "unknown parameter 'image'"),
    ({"prompt": "left", "motionalchemy": {"device": "cuda"}}, "unknown parameter 'device'"),
    ({"prompt": "left", "motionalchemy": {"region": "/etc/passwd"}}, "fetches no address"),
    ({"prompt": "left", "motionalchemy": {"motion": ["../../x"]}}, "names of learned motions"),
    ({"prompt": "left", "motionalchemy": {"steps": "many"}}, "whole number"),
    ({"prompt": "left", "motionalchemy": {"task": "edit"}}, "use animate, imagine, orbit"),
    ({"prompt": "left", "motionalchemy": {"strength": 0.5}}, "not for imagine"),
    ({"prompt": "left", "motionalchemy": [1]}, "motionalchemy"),
    (
        {"prompt": "left", "motionalchemy": {"task": "animate", "camera": "0:0,0,1 1:far,0,1"}},
        "key 2 of the camera, '1:far,0,1',",
    ),
    ({"prompt": "left", "motionalchemy": {"audio": "/etc/passwd"}}, "fetches no address"),
]


@pytest.mark.parametrize(("body", "why"), BAD, ids=lambda value: ascii(value)[:40])
def test_bad_values_are_refused_in_one_sentence(http, body, why):
    answer = http.post("/v1/videos", content=json.dumps(body), headers={"content-type": "application/json"})
    error = answer.json()["error"]
    assert answer.status_code in (400, 404) and why in error["message"], error
    assert error["type"] in ("invalid_request_error", "not_found_error") and "/work" not in error["message"]


PART = b'--x\r\ncontent-disposition: form-data; name="%s"\r\n\r\n1\r\n--x--'


@pytest.mark.parametrize(
    ("kind", "content", "status"),
    [
        ("application/json", b"{", 400),
        ("application/json", b"[1]", 400),
        ("application/json", b'{"prompt": NaN}', 400),
        ("application/json", b"[" * 100_000, 400),
        ("application/json", b"\xff\xfe", 400),
        ("text/plain", b"hello", 415),
        ("multipart/form-data", b"hello", 400),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n", 400),
        ("multipart/form-data; boundary=x", PART % b"a[b", 400),
        ("multipart/form-data; boundary=x", PART % b"a[b][c][d]", 400),
    ],
    ids=lambda value: ascii(value)[:40],
)  # fmt: skip
def test_bodies_that_cannot_be_read_are_refused(http, kind, content, status):
    answer = http.post("/v1/videos", content=content, headers={"content-type": kind})
    assert answer.status_code == status and answer.json()["error"]["message"]


def test_nothing_of_a_refused_request_stays(server, http):
    before = {path.name for path in (server.data / "videos").iterdir()}
    http.post("/v1/videos", data={"prompt": "left"}, files={"input_reference": b"no picture"})
    assert {path.name for path in (server.data / "videos").iterdir()} == before
    assert not list((server.data / "staging").iterdir())


def test_what_is_not_there_is_answered_in_the_same_shape(http):
    for method, path, status in (("GET", "/v2", 404), ("PUT", "/v1/videos", 405), ("GET", "/v1/videos/a%00b", 404)):
        answer = http.request(method, path)
        assert answer.status_code == status and answer.json()["error"]["message"]


def test_fields_of_a_form_are_text_and_still_numbers(client, http):
    form = {"prompt": "it drifts up", "seconds": "0.5", "motionalchemy[seed]": "7", "motionalchemy[fps]": "12"}
    video = http.post(
        "/v1/videos", data=form | {"motionalchemy[loop]": "true"}, files={"input_reference": png()}
    ).json()
    assert video["motionalchemy"]["settings"].items() >= {"seed": 7, "fps": 12.0, "loop": True}.items()
    assert client.videos.poll(video["id"]).status == "completed"
