"""The index of a corpus comes from outside: each fault of it is one sentence, before anything is read or written."""

import json

import pytest
import tiny_corpus
from commands import call

from motionalchemy.data import shards
from motionalchemy.errors import InputError, MissingPart

LINE = {"key": "a0", "shard": "actors-0000.tar", "kind": "actors", "subject": "bull", "action": "run", "split": "train"}
FAULTS = {
    "no JSON": (b"not json\n", r"line 1 is not a sample \(the line: invalid JSON"),
    "not UTF-8": (b"\xff\xfe\n", "line 1 is not a sample"),
    "a number for a name": (json.dumps(LINE | {"key": 3}).encode(), r"\(key: input should be a valid string\)"),
    "a field too few": (json.dumps({"key": "a0"}).encode(), r"\(shard: field required\)"),
    "another kind": (json.dumps(LINE | {"kind": "monsters"}).encode(), r"\(kind: input should be 'actors', "),
    "a path out of the corpus": (
        json.dumps(LINE | {"shard": "../a.tar"}).encode(),
        r"\(shard: no plain name of a file\)",
    ),
    "a second line": (json.dumps(LINE).encode() + b"\n{}", "line 2 is not a sample"),
    "a shard that is not there": (json.dumps(LINE).encode(), r"actors-0000\.tar is missing: the index names it"),
    "nothing": (b"", "has no samples of the split 'train'"),
    "a split that is none": (json.dumps(LINE | {"split": "nonsense"}).encode(), r"\(split: input should be 'train', "),
    "only another split": (json.dumps(LINE | {"split": "test"}).encode(), "has no samples of the split 'train'"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_index_with_a_fault_is_one_sentence(fault, tmp_path):
    content, said = FAULTS[fault]
    (tmp_path / "index.jsonl").write_bytes(content)
    with pytest.raises(InputError, match=said) as refused:
        shards.check(tmp_path)
    assert "\n" not in str(refused.value)


def test_a_whole_corpus_passes_and_none_is_missed(tmp_path):
    with pytest.raises(MissingPart, match="no corpus at"):
        shards.check(tmp_path)
    shards.check(tiny_corpus.make(tmp_path))


def test_a_shard_that_is_cut_off_is_one_sentence(tmp_path):
    corpus = tiny_corpus.make(tmp_path)
    entry = shards.index(corpus)[0]
    (corpus / entry.shard).write_bytes(b"no tar at all")
    with pytest.raises(InputError, match="is missing or damaged: fetch the corpus again or build"):
        shards.facts(corpus, entry)


@pytest.mark.parametrize("recipe", ["codec-cpu", "nano-cpu", "painter-cpu", "judge-cpu", "repertoire-cpu"])
def test_a_training_refuses_it_and_leaves_nothing(recipe, tmp_path, capsys):
    (tmp_path / "index.jsonl").write_bytes(b"not json\n")
    assert call("train", recipe, "--corpus", tmp_path, "--out", tmp_path / "run") == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "line 1 is not a sample" in said
    assert [path.name for path in tmp_path.iterdir()] == ["index.jsonl"]


def test_an_evaluation_refuses_it_and_leaves_nothing(tmp_path, capsys):
    (tmp_path / "index.jsonl").write_bytes(b"{}\n")
    assert call("evaluate", "--corpus", tmp_path, "--n", "1", "--out", tmp_path / "out") == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "line 1 is not a sample" in said
    assert [path.name for path in tmp_path.iterdir()] == ["index.jsonl"]


def test_facts_and_clips_that_are_damaged_are_one_sentence(tmp_path, monkeypatch):
    corpus = tiny_corpus.make(tmp_path)
    entry = shards.index(corpus)[0]
    with pytest.raises(InputError, match=r"\.json in .* lacks 'nothing': build the corpus again"):
        shards.facts(corpus, entry)["nothing"]
    monkeypatch.setattr(shards, "member", lambda shard, name: b"{")
    for read in (shards.facts, shards.read):
        with pytest.raises(InputError, match="is damaged: fetch the corpus again"):
            read(corpus, entry)
