"""The rooms: imports point down one list, no circle closes, and nothing grows past what can be read in one sitting."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "motionalchemy"
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 400, 60  # lines
LARGEST_FOLDER = 0.15  # of all lines

# A room may import those below its own; rooms of one floor may import each other as long as no circle closes.
FLOORS = [
    ("__main__",),
    ("cli", "server", "api"),
    ("evaluate",),
    ("train", "data"),
    ("batch",),
    ("pipeline",),
    ("editing",),
    ("motion",),
    ("render",),
    ("scene",),
    ("language",),
    ("models",),
    ("nets", "parts"),
    ("flow",),
    ("media",),
    ("errors",),
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
AT_THE_ROOT = {"__init__.py", "__main__.py", "api.py", "errors.py", "py.typed"}


def name_of(path):
    """The dotted name of a file under the package: `scene.plate`, and `scene` for its `__init__`."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {name_of(path): path for path in FILES}


def imported(path):
    """The dotted names of everything of the package that a file imports, anywhere in it, for the type checker too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            head, _, rest = name.partition(".")
            if head == "motionalchemy":
                yield rest if rest in NAMES else rest.rpartition(".")[0]


def room(name):
    return name.partition(".")[0]


def circle(edges):
    """The part of a graph in which circles close."""
    edges = {a: {b for b in others if b != a} for a, others in edges.items()}
    while True:
        reached = set().union(*edges.values()) if edges else set()
        kept = {a: others & edges.keys() for a, others in edges.items() if a in reached and others & edges.keys()}
        if kept == edges:
            return edges
        edges = kept


def upwards(path):
    """What a file imports from above its own floor."""
    here = FLOOR[room(name_of(path))]
    return {name for name in imported(path) if name and FLOOR[room(name)] < here}


def test_nothing_else_lies_at_the_root():
    assert {path.name for path in PACKAGE.iterdir() if path.is_file()} == AT_THE_ROOT
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name not in ("weights", "__pycache__")}
    assert folders == FLOOR.keys() - {"__main__", "api", "errors"}


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.name == "__init__.py" and path.parent != PACKAGE], ids=name_of
)
def test_the_door_plate_of_a_room_is_all_that_its_init_holds(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert len(tree.body) == 1 and ast.get_docstring(tree)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path):
    if path != PACKAGE / "__init__.py":  # public names come when they are asked for
        assert not upwards(path), f"{name_of(path)} imports {upwards(path)}, which stand above it"


def test_no_circle_closes_between_files_or_rooms():
    files = {name: set(imported(path)) for name, path in NAMES.items() if name}
    assert not circle(files)
    rooms = {}
    for name, others in files.items():
        rooms.setdefault(room(name), set()).update(map(room, others))
    assert not circle(rooms)


def test_the_package_itself_imports_nothing_until_it_is_asked():
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    assert not [n for n in tree.body if isinstance(n, ast.ImportFrom) and (n.module or "").startswith("motionalchemy")]


def test_the_order_is_really_checked(tmp_path, monkeypatch):
    monkeypatch.setattr(f"{__name__}.PACKAGE", tmp_path)
    wrong = tmp_path / "scene" / "wrong.py"
    wrong.parent.mkdir()
    wrong.write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from motionalchemy.pipeline.make import make\n"
        "def f():\n    import motionalchemy.cli.app\n    from motionalchemy.media import clip\n"
    )
    assert set(imported(wrong)) == {"pipeline.make", "cli.app", "media.clip"}
    assert upwards(wrong) == {"pipeline.make", "cli.app"}
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}).keys() == {"b", "c"}
    assert not circle({"a": {"b"}, "b": {"c"}, "c": set()})


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_and_functions_stay_short(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno + 1 <= LONGEST_FUNCTION, f"{node.name} is too long"


def test_no_folder_holds_too_much():
    lines = {}
    for path in FILES:
        lines[path.parent] = lines.get(path.parent, 0) + len(path.read_text(encoding="utf-8").splitlines())
    largest = max(lines, key=lambda folder: lines[folder])
    assert lines[largest] <= LARGEST_FOLDER * sum(lines.values()), f"{largest} holds {lines[largest]} lines"


def outside(path):
    """The first names of everything that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]


def test_only_media_opens_pictures_and_video():
    makers = {"media", "data", "train", "evaluate"}  # the last three use files of their own
    assert not [path for path in FILES if room(name_of(path)) not in makers and {"av", "PIL"} & set(outside(path))]


def test_nothing_is_pickled():
    """One file reads a pickle that another project ships: pinned by its sum, three names of numpy allowed, no more."""
    pickled = [path for path in FILES if {"pickle", "joblib", "dill", "shelve"} & set(outside(path))]
    assert pickled in ([], [PACKAGE / "parts" / "weights.py"])


def test_the_public_names_are_few_and_all_there():
    import motionalchemy

    assert len(motionalchemy.__all__) <= 21
    assert all(getattr(motionalchemy, name) is not None for name in motionalchemy.__all__)
    with pytest.raises(AttributeError, match="animate"):
        _ = motionalchemy.animat
