import json

import pytest

from motionalchemy.batch import tasks
from motionalchemy.batch.tasks import Task, Unread, read
from motionalchemy.errors import InputError, UnknownName


def written(folder, text, name="tasks.jsonl"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_lines_are_requests_or_sidecars_and_bad_ones_are_told_by_their_number(tmp_path):
    good = {"image": "horse.png", "prompt": "马向右走", "seconds": 1}
    lines = [
        json.dumps(good, ensure_ascii=False),
        "",
        json.dumps({"request": good, "made_by": {}, "found": {}}),
        "{",
        "[1]",
        json.dumps({"image": "a.png", "promt": "x"}),
        json.dumps({"image": "a.png", "prompt": "x", "seconds": -1}),
    ]
    first, same, *bad = read(written(tmp_path, "\n".join(lines)))
    assert (first.line, same.line, [each.line for each in bad]) == (1, 3, [4, 5, 6, 7])
    assert first.name == same.name and len(first.name) == tasks.NAMED
    assert all(isinstance(each, Unread) for each in bad)
    assert "not JSON" in bad[0].reason and "not an object" in bad[1].reason
    assert "promt" in bad[2].reason and "seconds -1" in bad[3].reason


def test_a_table_gives_numbers_booleans_and_lists_as_the_fields_take_them(tmp_path):
    text = (
        "image,prompt,seconds,loop,seed,motion\n"
        '"horse, brown.png","walks, slowly",1.5,TRUE,7,moonwalk:0.5;spin\n'
        "b.png,runs,,,,\n"
        "c.png,runs,much,,,\n"
        "d.png,runs,1,,,,too many\n"
    )
    first, second, third, fourth = read(written(tmp_path, text, "tasks.csv"))
    assert first.request.image == "horse, brown.png" and first.request.prompt == "walks, slowly"
    assert (first.request.seconds, first.request.loop, first.request.seed) == (1.5, True, 7)
    assert first.request.motion == ["moonwalk:0.5", "spin"]
    assert second.fields == {"task": "animate", "image": "b.png", "prompt": "runs"}
    assert isinstance(third, Unread) and "seconds 'much'" in third.reason and third.line == 4
    assert isinstance(fourth, Unread) and "7 cells for 6 columns" in fourth.reason


def test_numbers_that_a_prompt_begins_with_stay_words(tmp_path):
    (only,) = read(written(tmp_path, "image,prompt\na.png,2024\n", "tasks.csv"))
    assert only.request.prompt == "2024"


def test_a_name_depends_on_every_field_and_the_ending_and_not_on_their_order(tmp_path):
    def name(fields, ending=".mp4"):
        (task,) = read(written(tmp_path, json.dumps(fields)), ending)
        return task.name

    one = name({"image": "a.png", "prompt": "x"})
    assert one == name({"prompt": "x", "image": "a.png", "seed": 0})  # what goes without saying changes nothing
    assert (
        len({one, name({"image": "a.png", "prompt": "x", "seed": 1}), name({"image": "a.png", "prompt": "x"}, ".gif")})
        == 3
    )


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("tasks.txt", "{}", "not a .jsonl or a .csv"),
        ("tasks.jsonl", "\n \n", "holds no request"),
        ("tasks.csv", "image,prompt\n", "holds no request"),
        ("tasks.csv", "picture,prompt\na,b\n", "unknown column 'picture'"),
    ],
)
def test_a_file_that_holds_no_tasks_is_refused_as_a_whole(tmp_path, name, text, says):
    with pytest.raises(InputError, match=says):
        next(read(written(tmp_path, text, name)))


def test_an_ending_that_no_clip_has_is_refused(tmp_path):
    with pytest.raises(UnknownName, match="format 'avi'"):
        tasks.check(written(tmp_path, "{}"), ".avi")


def test_a_line_without_end_costs_no_memory_and_the_next_one_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(tasks, "LONGEST_LINE", 100)
    long, good = read(written(tmp_path, "x" * 1000 + '\n{"image": "a.png", "prompt": "it moves"}\n'))
    assert isinstance(long, Unread) and "longer than 100" in long.reason
    assert isinstance(good, Task) and good.line == 2


def test_relative_files_are_looked_for_beside_the_tasks_too(tmp_path, monkeypatch):
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "a.png").touch()
    (tmp_path / "b.png").touch()
    monkeypatch.chdir(tmp_path)
    found = tasks.located(
        {"image": "a.png", "last": "b.png", "views": ["a.png", "c.png"], "region": "auto", "prompt": "a.png"},
        tmp_path / "beside",
    )
    beside = str(tmp_path / "beside" / "a.png")
    assert found == {"image": beside, "last": "b.png", "views": [beside, "c.png"], "region": "auto", "prompt": "a.png"}
