"""The flow diagrams: data complete, boxes apart, text inside, arrows as the data say."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

from kube_research.errors import OptionError
from kube_research.figures import style
from kube_research.figures import style as marks
from kube_research.figures.diagrams import KINDS, draw_diagram
from kube_research.site.folder import Site
from kube_research.study.figures import diagram
from kube_research.texts import text as told
from tests.helpers.drawn import drawn_once

DATA = Path(__file__).parents[2] / "data" / "cibeunying"
FIGURES = (1, 2, 3, 4, 5)
LANGUAGES = ("en", "id")
EVERY = [(number, lang) for number in FIGURES for lang in LANGUAGES]


@pytest.fixture(scope="module")
def site() -> Any:
    return SimpleNamespace(
        diagram_nodes=pd.read_csv(DATA / "diagram_nodes.csv"),
        diagram_edges=pd.read_csv(DATA / "diagram_edges.csv"),
    )


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


def parts(ax: Axes, prefix: str) -> dict[str, Any]:
    """Artists of a diagram by the name that follows ``prefix`` in their gid."""
    found = [a for a in ax.get_children() if str(a.get_gid() or "").startswith(prefix)]
    named = {str(a.get_gid()).removeprefix(prefix): a for a in found}
    assert len(named) == len(found), "two artists share a gid"
    return named


def extent(artist: Any) -> Bbox:
    """Where an artist is, in pixels, without its outline."""
    path = artist.get_path().transformed(artist.get_transform())
    return path.get_extents()


def words(text: str) -> str:
    return " ".join(text.split())


def of(frame: pd.DataFrame, number: int) -> pd.DataFrame:
    return frame[frame["figure"] == number]


# ------------------------------------------------------------------------------- the data


@pytest.mark.parametrize("number", FIGURES)
def test_nodes_of_a_figure_are_unique_and_placed(site: Any, number: int) -> None:
    nodes = of(site.diagram_nodes, number)
    assert nodes["node"].is_unique
    assert not nodes.duplicated(["stage", "order"]).any()
    assert sorted(nodes["stage"].unique()) == list(range(1, nodes["stage"].max() + 1))
    heads = nodes[nodes["kind"] == "stage"]
    assert (heads["order"] == 0).all()
    assert len(heads) == nodes["stage"].nunique()
    assert nodes["node"].str.fullmatch(r"[a-z][a-z0-9_]*").all()


@pytest.mark.parametrize("number", FIGURES)
def test_edges_join_known_nodes_once(site: Any, number: int) -> None:
    edges, nodes = of(site.diagram_edges, number), set(of(site.diagram_nodes, number)["node"])
    assert set(edges["source"]) <= nodes
    assert set(edges["target"]) <= nodes
    assert not edges.duplicated(["source", "target"]).any()
    assert set(edges["basis"]) <= {"printed", "inferred"}


def test_rows_are_labelled_located_and_graded(site: Any) -> None:
    nodes, edges = site.diagram_nodes, site.diagram_edges
    assert set(nodes["evidence"]) == {"bounded"}  # no word inside the printed images is known
    for column in ("label_id", "label_en"):
        assert nodes[column].str.len().between(3, 60).all()
        assert (nodes[column] == nodes[column].map(words)).all()
    for frame in (nodes, edges):
        assert frame["locator"].notna().all()
        assert set(frame["evidence"]) <= {"published", "derived", "bounded"}
    assert not edges.loc[edges["basis"] == "inferred", "evidence"].eq("published").any()
    assert set(nodes["kind"]) <= {"stage", *KINDS}


def links(edges: pd.DataFrame, prefix: str) -> dict[tuple[str, str], str]:
    """Whether each link from a box whose name begins so is printed or inferred."""
    chosen = edges[edges["source"].str.startswith(prefix) & ~edges["target"].str.contains("stage")]
    return {(row.source, row.target): row.basis for row in chosen.itertuples()}


def test_figures_2_and_3_and_the_plan_agree_on_what_is_stated(study: Site) -> None:
    """A group of items leads to an activity as stated where one of its items does."""
    boxes = {"mentoring": "monthly", "study_visit": "visit", "training_finance": "finance"}
    boxes |= {"training_admin": "organisation", "kuber": "service"}
    plan = {(f"item_{row.item}", boxes[row.activity]): row.basis for row in study.rtl.itertuples()}
    assert links(of(study.diagram_edges, 2), "item_") == plan
    grouped: dict[tuple[str, str], str] = {}
    for (item, activity), basis in plan.items():
        group = "weak_outside" if item in ("item_23", "item_26") else "weak_inside"
        link = group, activity.replace("service", "kuber")
        grouped[link] = "printed" if "printed" in (basis, grouped.get(link)) else "inferred"
    assert links(of(study.diagram_edges, 3), "weak_") == grouped


def test_figure_1_shows_five_activities_beside_the_four_of_the_abstract(study: Site) -> None:
    counted = study.conflicts.query("conflict == 'activities_count'")["value"].tolist()
    assert counted == ["4", "5"]
    box = of(study.diagram_nodes, 1).set_index("node").loc["carry_out"]
    assert "five activities (abstract: four)" in box["label_en"]
    assert "lima kegiatan (abstrak: empat)" in box["label_id"]


def test_kuber_comes_after_the_evaluation(site: Any) -> None:
    nodes = of(site.diagram_nodes, 3).set_index("node")
    assert nodes.loc["kuber", "stage"] > nodes.loc["peka_second", "stage"]
    edges = of(site.diagram_edges, 3)
    before = edges[edges["target"].isin(["peka_second", "peka_result", "stage_evaluation"])]
    assert "kuber" not in set(before["source"])


def test_no_personal_names(site: Any) -> None:
    labels = " ".join(site.diagram_nodes[["label_id", "label_en"]].to_numpy().ravel())
    for name in ("Rosida", "Rosina", "Ibu Ani", "Suitela"):
        assert name not in labels


# ---------------------------------------------------------------------------- the drawing


@pytest.mark.parametrize(("number", "lang"), EVERY)
def test_every_label_is_on_the_figure(site: Any, number: int, lang: str) -> None:
    ax = drawn_once(diagram, site, number=number, lang=lang)
    shown = [words(text.get_text()) for text in ax.texts]
    for label in of(site.diagram_nodes, number)[f"label_{lang}"]:
        assert label in shown
    for label in of(site.diagram_edges, number)[f"label_{lang}"].dropna():
        assert label in shown
    assert told("diagram.note", lang) in shown
    assert told(f"diagram.title_{number}", lang) in shown


@pytest.mark.parametrize(("number", "lang"), EVERY)
def test_boxes_stand_apart_and_inside_their_band(site: Any, number: int, lang: str) -> None:
    ax = drawn_once(diagram, site, number=number, lang=lang)
    boxes = {name: extent(box) for name, box in parts(ax, "box-").items()}
    nodes = of(site.diagram_nodes, number).set_index("node")
    assert set(boxes) == set(nodes.index[nodes["kind"] != "stage"])
    for (one, a), (other, b) in combinations(boxes.items(), 2):
        assert not a.overlaps(b), f"{one} and {other} overlap"
    bands = {int(row): extent(band) for row, band in parts(ax, "band-").items()}
    for name, box in boxes.items():
        band = bands[int(nodes.loc[name, "stage"]) - 1]
        assert band.contains(box.x0, box.y0)
        assert band.contains(box.x1, box.y1)


@pytest.mark.parametrize(("number", "lang"), EVERY)
def test_text_stays_inside_its_box_and_the_figure(site: Any, number: int, lang: str) -> None:
    ax = drawn_once(diagram, site, number=number, lang=lang)
    ax.figure.draw_without_rendering()
    frames = parts(ax, "box-")
    frames |= {f"stage {row}": head for row, head in parts(ax, "head-").items()}
    texts = parts(ax, "label-")
    texts |= {f"stage {row}": text for row, text in parts(ax, "stage-").items()}
    assert set(frames) == set(texts)
    for name, text in texts.items():
        inner, outer = text.get_window_extent(), extent(frames[name])
        assert outer.contains(inner.x0, inner.y0), name
        assert outer.contains(inner.x1, inner.y1), name
    page = ax.figure.bbox
    legends = [child for child in ax.artists if hasattr(child, "legend_handles")]
    assert legends
    for item in [*ax.texts, *legends]:
        inner = item.get_window_extent()
        assert page.x0 <= inner.x0 < inner.x1 <= page.x1
        assert page.y0 <= inner.y0 < inner.y1 <= page.y1
    for one, other in combinations([*ax.texts, *legends], 2):
        assert not one.get_window_extent().overlaps(other.get_window_extent())


@pytest.mark.parametrize(("number", "lang"), EVERY)
def test_connectors_run_through_no_box_and_no_text(site: Any, number: int, lang: str) -> None:
    ax = drawn_once(diagram, site, number=number, lang=lang)
    ax.figure.draw_without_rendering()
    boxes = {name: extent(box).padded(-1) for name, box in parts(ax, "box-").items()}
    free = [t.get_window_extent() for t in ax.texts if not str(t.get_gid()).startswith("label-")]
    for name, line in parts(ax, "line-").items():
        path = line.get_path().transformed(line.get_transform())
        hit = [box for box, frame in boxes.items() if path.intersects_bbox(frame, filled=False)]
        assert not hit, f"{name} runs through {hit}"
        assert not any(path.intersects_bbox(frame, filled=False) for frame in free), name


def segments(line: Any) -> list[tuple[str, float, float, float]]:
    """Straight pieces of a connector: direction, where it lies, from, to (pixels)."""
    points = line.get_path().transformed(line.get_transform()).vertices
    pieces = []
    for (x0, y0), (x1, y1) in pairwise(points):
        across = abs(y1 - y0) < 1e-6
        span = sorted((x0, x1) if across else (y0, y1))
        pieces.append(("across" if across else "along", y0 if across else x0, *span))
    return pieces


@pytest.mark.parametrize(("number", "lang"), EVERY)
def test_connectors_may_cross_but_never_lie_on_each_other(
    site: Any, number: int, lang: str
) -> None:
    lines = parts(drawn_once(diagram, site, number=number, lang=lang), "line-")
    for (name, one), (other, two) in combinations(lines.items(), 2):
        for way, at, low, high in segments(one):
            for way_2, at_2, low_2, high_2 in segments(two):
                shared = min(high, high_2) - max(low, low_2)
                same = way == way_2 and abs(at - at_2) < 3
                assert not (same and shared > 1), f"{name} lies on {other}"


def arrows_expected(nodes: pd.DataFrame, edges: pd.DataFrame) -> int:
    """Arrow heads the data ask for: one an edge, one a fork or bundle into the same box."""
    stage = nodes.set_index("node")["stage"]
    heads = set(nodes.loc[nodes["kind"] == "stage", "node"])
    count, shared = 0, set()
    for edge in edges.fillna("").itertuples():
        whole = {edge.source, edge.target} & heads
        if whole or edge.label_en or stage[edge.target] != stage[edge.source] + 1:
            count += 1
        else:
            shared.add((edge.target, edge.basis))
    return count + len(shared)


@pytest.mark.parametrize("number", FIGURES)
def test_arrows_agree_with_the_edges(site: Any, number: int) -> None:
    nodes, edges = of(site.diagram_nodes, number), of(site.diagram_edges, number)
    ax = drawn_once(diagram, site, number=number, lang="en")
    assert len(parts(ax, "arrow-")) == arrows_expected(nodes, edges)


@pytest.mark.parametrize("number", FIGURES)
def test_dashes_mark_our_reading_and_are_explained(site: Any, number: int) -> None:
    edges = of(site.diagram_edges, number)
    ax = drawn_once(diagram, site, number=number, lang="en")
    dashed = [name for name, line in parts(ax, "line-").items() if line.is_dashed()]
    heads = set(of(site.diagram_nodes, number).query("kind == 'stage'")["node"])
    drawn = edges[~edges["source"].isin(heads)]
    assert bool(dashed) == drawn["basis"].eq("inferred").any()
    entries = {text.get_text() for key in ax.artists for text in getattr(key, "texts", [])}
    assert (told("diagram.inferred") in entries) == edges["basis"].eq("inferred").any()
    kinds = set(of(site.diagram_nodes, number)["kind"]) - {"stage"}
    assert {told(f"diagram.{kind}") for kind in kinds} <= entries


@pytest.mark.parametrize(("number", "lang"), EVERY)
def test_type_is_readable_at_175_mm(site: Any, number: int, lang: str) -> None:
    ax = drawn_once(diagram, site, number=number, lang=lang)
    assert ax.figure.get_size_inches()[0] == pytest.approx(style.DOUBLE_COLUMN)
    assert ax.figure.get_size_inches()[1] < 8
    assert min(text.get_fontsize() for text in ax.texts) >= 7


@pytest.mark.parametrize("number", FIGURES)
def test_two_savings_give_the_same_bytes(site: Any, number: int, tmp_path: Path) -> None:
    shuffled = SimpleNamespace(
        diagram_nodes=site.diagram_nodes.sample(frac=1, random_state=7),
        diagram_edges=site.diagram_edges.sample(frac=1, random_state=7),
    )
    first = marks.save(diagram(site, number).figure, tmp_path / "a", "figure")  # type: ignore[arg-type]
    again = marks.save(diagram(shuffled, number).figure, tmp_path / "b", "figure")  # type: ignore[arg-type]
    assert [path.name for path in first] == ["figure.svg", "figure.png"]
    for one, other in zip(first, again, strict=True):
        assert one.read_bytes() == other.read_bytes()
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["figure.png", "figure.svg"]


def test_the_languages_differ(site: Any) -> None:
    english, bahasa = (
        {words(text.get_text()) for text in drawn_once(diagram, site, number=2, lang=lang).texts}
        for lang in LANGUAGES
    )
    assert "Study visit to KSM Kharisma" in english - bahasa
    assert "Studi banding ke KSM Kharisma" in bahasa - english
    assert any("2.46" in label for label in english)
    assert any("2,46" in label for label in bahasa)


# --------------------------------------------------------------------- the drawing function


def frames(
    rows: list[tuple[str, int, int, str]], links: list[tuple[str, str, str]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    nodes = pd.DataFrame(rows, columns=["node", "stage", "order", "kind"])
    nodes["label_en"] = nodes["node"]
    edges = pd.DataFrame(links, columns=["source", "target", "basis"])
    return nodes, edges.assign(label_en="")


GRID = [(f"{letter}{n}", stage, n, "process") for stage, letter in ((1, "a"), (2, "b"), (3, "c"))
        for n in (1, 2, 3)]  # fmt: skip


@pytest.mark.parametrize("direction", ["down", "right"])
def test_a_full_bundle_is_one_arrow(direction: Any) -> None:
    links = [(f"a{i}", f"b{j}", "printed") for i in (1, 2, 3) for j in (1, 2, 3)]
    ax = draw_diagram(*frames(GRID, links), direction=direction)
    assert len(parts(ax, "arrow-")) == 1
    partial = draw_diagram(*frames(GRID, links[:-1]), direction=direction)
    assert len(parts(partial, "arrow-")) == 3


@pytest.mark.parametrize("direction", ["down", "right"])
def test_an_arrow_over_a_stage_goes_round_its_boxes(direction: Any) -> None:
    ax = draw_diagram(*frames(GRID, [("a2", "c2", "inferred")]), direction=direction)
    boxes = [extent(box).padded(-1) for box in parts(ax, "box-").values()]
    for line in parts(ax, "line-").values():
        path = line.get_path().transformed(line.get_transform())
        assert not any(path.intersects_bbox(box, filled=False) for box in boxes)
    assert len(parts(ax, "arrow-")) == 1


def test_drawing_on_given_axes_returns_them_and_shrinks() -> None:
    fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3))
    links = [("a1", "b1", "printed")]
    assert draw_diagram(*frames(GRID, links), ax=left, title="Left") is left
    assert draw_diagram(*frames(GRID, links), ax=right) is right
    assert len(fig.axes) == 2
    small = plt.subplots(figsize=(3, 0.5))[1]
    with pytest.raises(OptionError, match="does not fit"):
        draw_diagram(*frames(GRID, links), ax=small)


@pytest.mark.parametrize(
    ("links", "message"),
    [
        ([("a1", "nowhere", "printed")], "no node 'nowhere'"),
        ([("b1", "a1", "printed")], "to a later stage"),
        ([("a1", "a3", "printed")], "neighbour"),
        ([("a1", "b1", "guessed")], "basis 'guessed'"),
    ],
)
def test_arrows_that_cannot_be_drawn_say_why(links: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        draw_diagram(*frames(GRID, links))


def test_unknown_options_are_refused(site: Any) -> None:
    with pytest.raises(OptionError, match="'fr'"):
        diagram(site, 1, lang="fr")
    with pytest.raises(OptionError, match="1, 2, 3, 4, 5"):
        diagram(site, 6)
    with pytest.raises(OptionError, match="'up'"):
        draw_diagram(*frames(GRID, []), direction="up")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="kind 'cloud'"):
        draw_diagram(*frames([("a", 1, 1, "cloud")], []))
    with pytest.raises(OptionError, match="at least one box"):
        draw_diagram(*frames([("a", 1, 0, "stage")], []))


# --------------------------------------------------------------------------------- the style


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_simulated_strip_covers_nothing(lang: str) -> None:
    with style.theme():
        fig, ax = plt.subplots(figsize=(style.SINGLE_COLUMN, 2))
        ax.plot([1, 2], [3, 4])
        fig.suptitle("Title")
        fig.canvas.draw()
        tall = ax.get_window_extent().height
        marks.note(fig, "Source: the group's own books. " * 4)
        marks.mark_simulated(fig, lang)
        marks.mark_simulated(fig, lang)
        fig.canvas.draw()
    shown = [text for text in fig.texts if text.get_gid() == "simulated-text"]
    strips = [artist for artist in fig.artists if artist.get_gid() == "simulated-strip"]
    assert [words(mark.get_text()) for mark in shown] == [told("mark.simulated", lang)]
    assert ax.get_window_extent().height == pytest.approx(tall)
    low = min(extent(strip).y0 for strip in strips)
    assert shown[0].get_window_extent().y0 >= low
    assert shown[0].get_window_extent().x1 <= fig.bbox.x1
    title = next(text for text in fig.texts if text.get_text() == "Title")
    assert title.get_window_extent().y1 <= low
    note = next(text for text in fig.texts if text.get_gid() == "note")
    assert note.get_window_extent().y0 >= 0
    assert note.get_window_extent().y1 <= ax.get_tightbbox().y0  # type: ignore[union-attr]


def test_theme_and_save_leave_the_settings_as_they_were(tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    with style.theme():
        fig = plt.figure()
    marks.save(fig, tmp_path, "empty")
    assert dict(mpl.rcParams) == before
    assert not plt.get_fignums()
    text = (tmp_path / "empty.svg").read_text(encoding="utf-8")
    assert "dc:date" not in text
    assert "Matplotlib v" not in text
    with pytest.raises(OptionError, match="file name"):
        marks.save(plt.figure(), tmp_path, "a/b")


def test_lines_break_where_they_should() -> None:
    assert style.wrap("Evaluasi, 11 Juni 2016", 0.9, 7.5) == ["Evaluasi,", "11 Juni 2016"]
    assert style.wrap("", 1, 8) == [""]
    assert all(
        style.text_width(line, 8) <= 1.5 for line in style.wrap("satu dua tiga " * 9, 1.5, 8)
    )
