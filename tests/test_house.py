"""The house: imports point down, in no circle; no function is long; the face is declared once."""

from __future__ import annotations

import ast
import importlib
import re
from collections import defaultdict
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import kube_research as kr

LIBRARY = Path(kr.__file__).parent
#: The rooms from the top down; a room imports itself and those on lower lines.
FLOORS = (
    ("__main__",),
    ("cli",),
    ("app",),
    ("reproduction",),
    ("report",),
    ("programme",),
    ("study",),
    ("figures",),
    ("fieldwork",),
    ("finance",),
    ("attendance", "interventions", "compare"),
    ("peka",),
    ("evidence",),
    ("site",),
    (
        *("errors", "texts", "formats", "currency", "frames", "shown", "outputs", "engines"),
        *("levels", "files"),
    ),
)
FLOOR = {room: len(FLOORS) - number for number, rooms in enumerate(FLOORS) for room in rooms}
LONG, REASONED = 80, 60


@cache
def modules() -> dict[str, Path]:
    """Every module of the library by its dotted name below it; the face itself is ``""``."""
    paths = [path for path in LIBRARY.rglob("*.py") if "_bundled" not in path.parts]
    named = {path: path.relative_to(LIBRARY).with_suffix("").parts for path in paths}
    return {
        ".".join(parts[:-1] if parts[-1] == "__init__" else parts): path
        for path, parts in named.items()
    }


@cache
def imports(name: str) -> frozenset[str]:
    """Which modules of the library a module imports, in functions and for annotations too."""
    targets = set()
    for node in ast.walk(ast.parse(modules()[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            targets |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            known = {full for full in inside if full.removeprefix("kube_research.") in modules()}
            targets |= known or {node.module}
    ours = {full.removeprefix("kube_research.") for full in targets if "kube_research." in full}
    return frozenset(ours & modules().keys() - {name})


def room(name: str) -> str:
    return name.partition(".")[0]


def test_every_module_stands_in_a_room() -> None:
    assert {room(name) for name in modules()} - {""} <= FLOOR.keys()


def test_imports_point_down() -> None:
    up = [
        f"{name} -> {other}"
        for name in modules()
        for other in imports(name)
        if name
        and room(name) != room(other)
        and (
            FLOOR[room(name)] < FLOOR[room(other)] or (FLOOR[room(name)] == FLOOR[room(other)] > 1)
        )
    ]
    assert not up


def test_there_is_no_circle() -> None:
    try:
        TopologicalSorter({name: imports(name) for name in modules()}).prepare()
    except CycleError as circle:
        pytest.fail(" -> ".join(circle.args[1]))


def code_lines(path: Path) -> tuple[ast.Module, set[int]]:
    """The lines of a module that are neither blank nor comment nor docstring."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    prose: set[int] = set()
    for node in ast.walk(tree):
        holders = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        if isinstance(node, holders) and ast.get_docstring(node) is not None:
            prose |= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    lines = enumerate(text.split("\n"), 1)
    counted = {n for n, line in lines if line.strip() and not line.lstrip().startswith("#")}
    return tree, counted - prose


@pytest.mark.parametrize("name", modules())
def test_a_long_function_says_why(name: str) -> None:
    tree, counted = code_lines(modules()[name])
    text = modules()[name].read_text(encoding="utf-8").split("\n")
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            span = range(node.lineno, (node.end_lineno or 0) + 1)
            size = len(counted & set(span))
            assert size <= LONG, (node.name, size)
            reason = any("# Long because" in text[number - 1] for number in span)
            assert size <= REASONED or reason, (node.name, size)


def test_no_module_bears_the_name_of_a_public_function() -> None:
    functions = {
        public
        for space in [kr, *(getattr(kr, name) for name in kr.__all__ if name in modules())]
        for public in getattr(space, "__all__", ())
        if not public.startswith("_") and public not in modules()
    }
    assert not functions & {name.rpartition(".")[2] for name in modules()}


def declared(stub: Path) -> dict[str, str]:
    """Return the names a stub declares, with the module each comes from."""
    names = {}
    for node in ast.parse(stub.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            names |= {alias.name: node.module or "" for alias in node.names}
    return names


def test_the_face_is_what_its_rooms_declare() -> None:
    rooms = defaultdict(set)
    for name, home in declared(LIBRARY / "__init__.pyi").items():
        if home:
            rooms[room(home)].add(name)
    for home, names in rooms.items():
        shown = getattr(importlib.import_module(f"kube_research.{home}"), "__all__", None)
        if shown is not None:
            assert names <= set(shown), home
    for stub in LIBRARY.glob("*/__init__.pyi"):
        space = importlib.import_module(f"kube_research.{stub.parent.name}")
        assert set(space.__all__) == set(declared(stub))
        for name, module in declared(stub).items():
            home = importlib.import_module(f"kube_research.{stub.parent.name}.{module}")
            assert getattr(space, name) is getattr(home, name)


def test_no_assert_guards_a_user(root: Path) -> None:
    for path in modules().values():
        assert not re.search(r"^\s+assert ", path.read_text(encoding="utf-8"), re.MULTILINE), path


@pytest.mark.parametrize("page", ["reading.md", "reading.id.md"])
def test_the_core_is_read_in_one_sitting(root: Path, page: str) -> None:
    sections = (root / "docs" / page).read_text(encoding="utf-8").split("\n## ")
    path = r"`([\w/]+)\.py`"
    sitting = [hit.replace("/", ".") for hit in re.findall(rf"^\d+\. {path}", sections[1], re.M)]
    beside = {hit.replace("/", ".") for hit in re.findall(path, sections[2])}
    assert len(sitting) <= 19
    assert len(beside) <= 8
    assert sum(modules()[name].read_text(encoding="utf-8").count("\n") for name in sitting) <= 4000
    for place, name in enumerate(sitting):
        missing = imports(name) - set(sitting[:place]) - beside
        assert not missing, (name, missing)
    for section in sections[3:]:
        for named in re.findall(r"`([\w/]+(?:\.py|\.toml|/))`", section):
            assert (LIBRARY / named).exists(), named
