"""The rooms: imports point one way, and nothing grows past what can be read in one sitting."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "motionalchemy"
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 400, 60  # lines

# A room may import rooms on the floors below its own, and on its own floor as long as no circle closes.
FLOORS = [
    {"errors", "pace"},
    {"clip", "grid"},
    {"plan"},
    {"tasks", "stages", "sample", "multistep", "velocity"},
    {"nets", "backbones"},
    {"colour", "encode"},
    {"media", "parts"},
    {"footage"},
    {
        "album",
        "backdrop",
        "behind",
        "between",
        "film",
        "imagined",
        "meant",
        "naming",
        "views",
        "regions",
        "turned",
        "staying",
        "transfer",
        "ways",
        "windows",
    },
    {"request", "motions"},
    {"job", "layouts"},
    {"cutout", "exchange", "given", "retouch"},
    {"run"},
    {"recall"},
    {"moved"},
    {"acts"},
    {"make"},
    {"doors"},
    {"worlds", "learn", "measure"},
    {"making"},
    {"cli", "server"},
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
FORWARD = {("clip", "media")}  # `clip.save(path)`, imported when it is called


def room(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path):
    """The rooms that a file imports, anywhere in it, and not only for the type checker."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in typing_only:
            continue
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
                yield rest.split(".")[0]


def graph():
    edges = {}
    for path in FILES:
        if path != PACKAGE / "__init__.py":
            edges.setdefault(room(path), set()).update(imported(path))
    return edges


def test_every_room_has_a_floor():
    assert {room(path) for path in FILES} - {"__init__"} <= FLOOR.keys()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path):
    if path == PACKAGE / "__init__.py":
        assert not list(imported(path))  # public names come when they are asked for
        return
    here = room(path)
    upwards = {other for other in imported(path) if FLOOR[other] > FLOOR[here]} - {b for a, b in FORWARD if a == here}
    assert not upwards, f"{here} imports {upwards}, which stand above it"


def test_no_circle_closes_between_rooms():
    edges = {a: {b for b in others if b != a and (a, b) not in FORWARD} for a, others in graph().items()}
    while leaves := [room for room, others in edges.items() if not others]:
        edges = {a: others - set(leaves) for a, others in edges.items() if a not in leaves}
    assert not edges


def test_the_order_is_really_checked(tmp_path):
    wrong = tmp_path / "wrong.py"
    wrong.write_text("def f():\n    from motionalchemy.make import make\n    import motionalchemy.cli\n")
    assert set(imported(wrong)) == {"make", "cli"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_and_functions_stay_short(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno + 1 <= LONGEST_FUNCTION, f"{node.name} is too long"


def outside(path):
    """The first names of everything that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]


def test_only_media_opens_pictures_and_video():
    # the last three use files of their own
    makers = {"colour", "encode", "media", "footage", "worlds", "learn", "measure"}
    assert not [path for path in FILES if room(path) not in makers and {"av", "PIL"} & set(outside(path))]


def test_nothing_is_pickled():
    """One file reads a pickle that another project ships: pinned by its sum, three names of numpy allowed, no more."""
    pickled = [path for path in FILES if {"pickle", "joblib", "dill", "shelve"} & set(outside(path))]
    assert pickled in ([], [PACKAGE / "parts" / "__init__.py"])


def test_the_public_names_are_few_and_all_there():
    import motionalchemy

    assert len(motionalchemy.__all__) <= 20
    assert all(getattr(motionalchemy, name) is not None for name in motionalchemy.__all__)
    with pytest.raises(AttributeError, match="animate"):
        _ = motionalchemy.animat
