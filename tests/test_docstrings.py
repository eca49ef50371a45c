"""Whatever a reader may call says what it does: every public function, method and class has a docstring."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "motionalchemy"
FILES = sorted(PACKAGE.rglob("*.py"))


def public(node, within=""):
    """The public definitions of a file or class, by their dotted names; what a function defines inside is its own."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if not child.name.startswith("_"):
                yield within + child.name, child
                if isinstance(child, ast.ClassDef):
                    yield from public(child, f"{within}{child.name}.")
        elif isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from public(child, within)


def silent(text):
    """The names of the public definitions without a docstring."""
    return [name for name, node in public(ast.parse(text)) if not (ast.get_docstring(node) or "").strip()]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_public_names_have_a_docstring(path):
    text = path.read_text(encoding="utf-8")
    assert (ast.get_docstring(ast.parse(text)) or "").strip(), "the file itself says nothing"
    assert not silent(text)


def test_nothing_is_overlooked():
    assert silent(
        "class A:\n"
        "    def forward(self): ...\n"
        "    @property\n"
        "    def size(self): ...\n"
        "    def _own(self):\n        def inner(): ...\n"
        "    class Part:\n        '''Said.'''\n        async def go(self): ...\n"
        "if True:\n    def late(): ' '\n"
        "try:\n    pass\nexcept OSError:\n    def other(): ...\n"
        "def said():\n    '''Said.'''\n    def inner(): ...\n"
        "class _B:\n    def f(self): ...\n"
    ) == ["A", "A.forward", "A.size", "A.Part.go", "late", "other"]
