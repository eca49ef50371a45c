"""The request: what it accepts, how it refuses, and that its JSON is the whole of it."""

import hashlib
import json
import math
from pathlib import Path

import pytest

from motionalchemy.errors import InputError, UnknownName
from motionalchemy.pipeline.request import FILES, TASKS, Request, files, parse
from motionalchemy.pipeline.sidecar import Again, again, check


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("prompt", "", "1 to 2000 characters"),
        ("prompt", " \n\t ", "1 to 2000 characters"),
        ("prompt", "x" * 2001, r"\(2001 characters\).*1 to 2000 characters"),
        ("prompt", "🐎🐎🐎", "letter or digit"),
        ("prompt", "!?…", "letter or digit"),
        ("prompt", "a\x00b", "no control characters"),
        ("prompt", "a\x1b[31mred", "no control characters"),
        ("prompt", "a\x7f", "no control characters"),
        ("prompt", "a\ud800", "no control characters"),
        ("negative", "a\x00b", "no control characters"),
        ("prompt", 3, "letter or digit"),
        ("seconds", 0, "more than 0 and at most 600"),
        ("seconds", -1, "more than 0 and at most 60"),
        ("seconds", 1e9, "more than 0 and at most 60"),
        ("seconds", math.nan, "nan.*more than 0"),
        ("seconds", math.inf, "more than 0"),
        ("seconds", "2", "more than 0"),
        ("seconds", True, "more than 0"),
        ("fps", 0.5, "1 to 60"),
        ("fps", 61, "1 to 60"),
        ("size", 1, "64 to 2048"),
        ("size", 7, "64 to 2048"),
        ("size", 100000, "100000.*64 to 2048"),
        ("size", 256.5, "64 to 2048"),
        ("steps", 0, "1 to 200"),
        ("steps", 201, "1 to 200"),
        ("stages", 0, "1 to 4"),
        ("guidance", -0.1, "0 to 20"),
        ("guidance", 21, "0 to 20"),
        ("seed", -1, "0 to 9223372036854775807"),
        ("seed", 2**63, "0 to 9223372036854775807"),
        ("loop", 1, "true or false"),
        ("task", "fly", "animate, imagine, extend, edit, orbit, retake"),
        ("strength", 0, "more than 0 and at most 1"),
        ("strength", math.nan, "more than 0 and at most 1"),
        ("method", "magic", "reference, contrast or redraw"),
        ("begin", -1, "0 or more"),
        ("end", 0, "after begin"),
        ("views", ["a.png"], "2 to 64 pictures"),
        ("angles", [math.inf, 0.0], "numbers of degrees"),
        ("region", "", "all, subject, background or the path"),
        ("video", 3, "path of a clip"),
        ("close", 1, "true or false"),
        ("image", 3, "path"),
    ],
)
def test_a_bad_value_is_one_sentence_with_value_range_and_remedy(field, value, allowed):
    with pytest.raises(InputError, match=allowed) as refusal:
        parse({"prompt": "the horse runs", field: value})
    message = str(refusal.value)
    assert message.startswith(f"{field} ") and "such as" in message
    assert "\n" not in message and len(message) < 250 and message.isprintable()


@pytest.mark.parametrize(
    "prompt", ["the horse gallops", "马儿向右奔跑", "7", "🐎 runs", "é", "x" * 2000, "👨‍👩‍👧 walk"]
)
def test_prompts_of_every_kind_are_kept(prompt):
    assert parse({"prompt": prompt}).prompt == prompt


def test_white_space_is_one_space():
    assert parse({"prompt": "  the horse\n\truns　fast "}).prompt == "the horse runs fast"


def test_unknown_and_missing_fields_are_named():
    with pytest.raises(UnknownName, match=r"'sed'.*choose one of .*seed"):
        parse({"prompt": "a", "sed": 1})
    with pytest.raises(InputError, match="prompt is missing"):
        parse({})


def test_edges_are_allowed():
    edges = {"seconds": 600, "fps": 1, "size": 2048, "steps": 200, "stages": 4, "guidance": 0, "seed": 2**63 - 1}
    assert parse({"prompt": "a"} | edges).model_dump(include=set(edges)) == edges


def test_json_both_ways():
    request = parse({"prompt": "马儿 runs", "image": "马.png", "seconds": 1.5, "seed": 2**63 - 1, "loop": True})
    assert parse(json.loads(request.model_dump_json())) == request
    assert Request.model_validate_json(request.model_dump_json()) == request


def test_a_request_does_not_change():
    with pytest.raises(Exception, match="frozen"):
        parse({"prompt": "a"}).seed = 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "3",
        "null",
        '{"request": {}}',
        '{"request": [], "inputs": {}, "made_by": {}, "output": {}}',
        "[" * 9999,
    ],
)
def test_what_is_no_sidecar_is_refused_and_never_replaced(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(InputError, match="not the sidecar of a clip"):
        again(path)
    with pytest.raises(InputError, match="rename the output"):
        check(path)


def test_a_missing_sidecar_is_named(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        again(tmp_path / "none.json")
    check(tmp_path / "none.json")


EARLIER = {  # as 0.20 wrote it, all its fields
    "request": {
        "task": "animate", "prompt": "the horse falls", "negative": "", "image": "horse.png", "last": None, "loop": False,
        "motion": None, "model": "nano", "seconds": 2.0, "fps": 24.0, "size": 128, "steps": None, "stages": 1,
        "guidance": 2.5, "candidates": 24, "seed": 3, "device": "auto", "memory": None, "fast": 0, "interpolate": 1,
        "lora": None,
    },
    "made_by": {"model": "nano", "sha256": "b325", "python": "3.11.7", "motionalchemy": "0.1.0", "torch": "2.13.0"},
    "inputs": {},
    "found": {"between": "flow", "notes": ["a note"], "landing": [{"picture": "views 2", "frame": 8, "psnr": 40.0}]},
    "output": {"file": "a.mp4", "sha256": "2560"},
    "timings": {"load": 0.9, "text": 0.1, "recall": 2.5, "decode": 0.2, "write": 0.4},
}  # fmt: skip


def test_a_sidecar_of_an_earlier_build_asks_for_the_same_clip(tmp_path):
    picture = tmp_path / "horse.png"
    picture.write_bytes(b"a picture")
    sums = {"image": hashlib.sha256(b"a picture").hexdigest()}
    (tmp_path / "a.json").write_text(json.dumps(EARLIER | {"inputs": sums}))
    found = again(tmp_path / "a.json")
    assert found.request.model_dump(include=EARLIER["request"].keys()) == EARLIER["request"] | {"image": str(picture)}
    assert (found.output, found.sha256) == (tmp_path / "a.mp4", "2560")
    check(tmp_path / "a.json")


FIELDS = {
    "animate": {"prompt": "a", "image": "a.png", "last": "b.png", "seconds": 2, "fps": 24},
    "imagine": {"prompt": "a", "seconds": 0},
    "extend": {"prompt": "0-2: a | 2-4: b", "video": "a.mp4", "seconds": 4, "last": "b.png"},
    "edit": {"prompt": "a", "video": "a.mp4", "region": "m.png", "strength": 0.5, "method": "redraw"},
    "orbit": {"views": ["a.png", "b.png"], "angles": [0, 90], "close": True},
    "retake": {"prompt": "a", "video": "a.mp4", "begin": 0, "end": 1.5},
}


@pytest.mark.parametrize("task", TASKS)
def test_every_task_takes_its_fields_and_survives_json(task):
    request = parse({"task": task, **FIELDS[task]})
    assert parse(json.loads(request.model_dump_json())) == request
    assert set(FIELDS[task]) <= {*TASKS[task].needs, *TASKS[task].takes}


@pytest.mark.parametrize("task", TASKS)
def test_a_task_refuses_what_only_others_take_and_misses_what_it_needs(task):
    asked = TASKS[task]
    others = {name: value for fields in FIELDS.values() for name, value in fields.items()}
    for name in others.keys() - {*asked.needs, *asked.takes}:
        with pytest.raises(InputError, match=rf"^{name} .* is not for {task}, which takes .*leave it out$"):
            parse({"task": task, **FIELDS[task], name: others[name]})
    for name in set(asked.needs) - {*FILES}:
        with pytest.raises(InputError, match=f"^{name} is missing: it must be"):
            parse({"task": task, **{k: v for k, v in FIELDS[task].items() if k != name}})


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"task": "retake", "prompt": "a", "begin": 2, "end": 1}, "end 1 is not after begin 2"),
        ({"task": "orbit", "views": ["a", "b"], "angles": [0, 1, 2]}, "3 angles for 2 views"),
        ({"prompt": "a", "loop": True, "last": "b.png"}, "leave out one of the two"),
        ({"prompt": "a", "motion": ["moonwalk", "moonwalk:0.5"]}, "'moonwalk' is given twice"),
    ],
)
def test_fields_that_contradict_each_other_are_refused(fields, words):
    with pytest.raises(InputError, match=words) as refusal:
        parse(fields)
    assert "\n" not in str(refusal.value)


def test_files_are_named_by_field_and_number():
    assert files({"views": ["a.png", "b.png"], "image": "c.png", "region": "all", "video": None}) == {
        "views 1": "a.png",
        "views 2": "b.png",
        "image": "c.png",
    }
    assert files({"region": "mask.png"}) == {"region": "mask.png"}


@pytest.mark.parametrize(
    ("said", "threads"), [("2", 2), ("1024", 1024), ("", None), ("0", None), ("-1", None), ("²", None)]
)
def test_a_sidecar_says_with_how_many_threads_it_was_made(said, threads):
    old = Again(parse({"prompt": "it runs"}), Path("a.mp4"), "0" * 64, {"threads": said})
    assert old.threads == threads
    assert Again(old.request, old.output, old.sha256, {}).threads is None
