"""The one look of every figure: colours by meaning, type sizes, marks, notes, and the file.

Colours are those of Okabe and Ito (2008, *Color Universal Design*), which stay apart under the
common colour-vision deficiencies. A colour never carries a meaning alone: figures pair it with a
marker, a label, a position or a dash.

Examples
--------
>>> from kube_research.figures import style
>>> style.VERDICTS["missed"]
'#D55E00'
>>> style.wrap("Kelompok Usaha Bersama", width=0.8, size=8)
['Kelompok', 'Usaha', 'Bersama']
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kube_research.errors import OptionError
from kube_research.files import replace_file
from kube_research.texts import text as say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Widths of a journal column in inches: 85 mm and 175 mm.
SINGLE_COLUMN = 85 / 25.4
DOUBLE_COLUMN = 175 / 25.4

#: Sizes of type in points; nothing on a figure is smaller than ``SMALL``.
BODY, SMALL, TITLE = 8.0, 7.0, 9.5
FONT = "DejaVu Sans"
DPI = 200
#: Settings without which the same figure would not give the same bytes.
FIXED: Any = {
    "svg.hashsalt": "kube_research",
    "svg.fonttype": "path",
    "font.family": [FONT],
    "savefig.bbox": None,
    "text.hinting": "none",  # words are as wide in the PNG as in the SVG, and drawn faster
}

#: The eight colours of Okabe and Ito.
OKABE_ITO: dict[str, str] = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
}
INK, QUIET, RULE, FAINT, PAPER = "#1F2328", "#57606A", "#B8BFC6", "#E3E6E9", "#F4F5F7"

#: What the boxes of a flow diagram are.
KINDS: dict[str, str] = {
    "input": "#8C959F",
    "process": OKABE_ITO["sky"],
    "assessment": OKABE_ITO["blue"],
    "finding": OKABE_ITO["vermillion"],
    "intervention": OKABE_ITO["orange"],
    "principle": OKABE_ITO["purple"],
    "role": "#C2B200",  # the yellow, darkened so that an outline shows on white
    "aim": "#3D444D",
    "output": OKABE_ITO["green"],
}
#: The books that groups keep, in the order in which they are drawn; own ones follow.
BOOKS: dict[str, str] = {
    "kas": OKABE_ITO["blue"],
    "tabungan": OKABE_ITO["green"],
    "iks": OKABE_ITO["orange"],
}
#: Rounds of the assessment: before and after, and any later one.
ROUNDS = tuple(OKABE_ITO[name] for name in ("orange", "blue", "green", "purple"))
#: Groups (or any other set of names without a meaning of their own), with their markers.
GROUPS = tuple(
    OKABE_ITO[name]
    for name in ("blue", "orange", "green", "purple", "vermillion", "sky", "black", "yellow")
)
MARKERS: tuple[str, ...] = ("o", "s", "^", "D", "v", "P", "X", "*")
#: How a statement, a target or a printed number came out.
VERDICTS: dict[str, str] = {
    "match": OKABE_ITO["green"],
    "mismatch": OKABE_ITO["vermillion"],
    "met": OKABE_ITO["green"],
    "missed": OKABE_ITO["vermillion"],
    "supported": OKABE_ITO["green"],
    "contradicted": OKABE_ITO["vermillion"],
    "partly": OKABE_ITO["orange"],
    "undecided": "#8C959F",
}
#: Strong and weak items of the assessment.
CLASSES: dict[str, str] = {"strong": OKABE_ITO["blue"], "weak": OKABE_ITO["vermillion"]}
#: Grades of evidence, from the firmest to the weakest, and a site's own records.
EVIDENCE: dict[str, str] = {
    "published": OKABE_ITO["black"],
    "derived": OKABE_ITO["blue"],
    "bounded": OKABE_ITO["sky"],
    "simulated": OKABE_ITO["orange"],
    "recorded": OKABE_ITO["green"],
}


def colours_for(names: Iterable[object]) -> dict[str, str]:
    """Give every name of a set a colour of `GROUPS`, the same for the same set of names.

    Parameters
    ----------
    names : iterable
        Names, for instance of groups; order and repetition do not matter.

    Returns
    -------
    dict of str to str
        Colour by name, names sorted; colours repeat after the eighth name.

    Examples
    --------
    >>> from kube_research.figures import style
    >>> style.colours_for(["08", "07", "07"])
    {'07': '#0072B2', '08': '#E69F00'}
    """
    ordered = sorted({str(name) for name in names})
    return {name: GROUPS[i % len(GROUPS)] for i, name in enumerate(ordered)}


def tint(colour: str, share: float) -> str:
    """Return a colour mixed into white: ``share`` 1 is the colour itself, 0 is white.

    Examples
    --------
    >>> from kube_research.figures import style
    >>> style.tint("#000000", 0.2)
    '#CCCCCC'

    """
    parts = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 - share * (255 - part)):02X}" for part in parts)


@contextmanager
def theme() -> Iterator[None]:
    """Draw and save figures in the look of the package inside a ``with`` block.

    Yields
    ------
    None
        The matplotlib settings are restored when the block ends.

    Examples
    --------
    >>> import matplotlib
    >>> from kube_research.figures import style
    >>> with style.theme():
    ...     matplotlib.rcParams["svg.fonttype"]
    'path'
    """
    import matplotlib as mpl
    from cycler import cycler

    small = ("xtick.labelsize", "ytick.labelsize", "legend.fontsize", "legend.title_fontsize")
    ink = ("text.color", "axes.labelcolor", "xtick.labelcolor", "ytick.labelcolor")
    quiet = ("axes.edgecolor", "xtick.color", "ytick.color")
    settings: Any = dict.fromkeys(small, SMALL) | dict.fromkeys(ink, INK)
    settings |= dict.fromkeys(quiet, QUIET) | FIXED
    settings |= {
        "figure.figsize": (DOUBLE_COLUMN, 0.62 * DOUBLE_COLUMN),
        "figure.dpi": 100,
        "figure.facecolor": "white",
        "figure.constrained_layout.use": True,
        "savefig.dpi": DPI,
        "font.size": BODY,
        "axes.labelsize": BODY,
        "axes.titlesize": TITLE,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "figure.titlesize": TITLE,
        "figure.titleweight": "bold",
        "legend.frameon": False,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.7,
        "axes.axisbelow": True,
        "grid.color": FAINT,
        "grid.linewidth": 0.6,
        "lines.linewidth": 1.4,
        "lines.markersize": 4.5,
        "patch.linewidth": 0.7,
        "axes.prop_cycle": cycler(color=list(GROUPS)),
    }
    with mpl.rc_context(settings):
        yield


#: A space where a line may break: not within a date, nor between a number and its noun.
_BREAK = re.compile(r"(?<!\d) (?!\d{4}\b)|(?<=\d) (?![^\W\d]|\d{4}\b)")
_TOKENS = re.compile(r" |[^ ]+")


@lru_cache(maxsize=16384)
def _token_width(token: str, weight: str) -> float:
    """Return the width of a word, or of what stands between two, in points at size 1."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    face = FontProperties(family=FONT, size=1, weight=weight)
    return float(text_to_path.get_text_width_height_descent(token, face, ismath=False)[0])


def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Return the width of a text in inches, of its widest line, from the metrics of the font.

    Words are measured one at a time and remembered: a page of text holds few different ones.

    Examples
    --------
    >>> from kube_research.figures import style
    >>> style.text_width("KUBE", size=16) > style.text_width("KUBE", size=8)
    True

    """
    lines = [
        [_token_width(token, weight) for token in _TOKENS.findall(line)]
        for line in text.split("\n")
    ]
    return max(math.fsum(widths) for widths in lines) * size / 72


def wrap(text: str, width: float, size: float, weight: str = "normal") -> list[str]:
    """Break a text at its spaces into the fewest lines that fit, of about equal length.

    A number stays with the word after it and a year with the month, where there is room.

    Parameters
    ----------
    text : str
        The text.
    width : float
        Width to fit in inches; a single word wider than it stays whole on its own line.
    size : float
        Size of the type in points.
    weight : {"normal", "bold"}
        Weight of the type.

    Returns
    -------
    list of str
        The lines.

    Examples
    --------
    >>> from kube_research.figures import style
    >>> style.wrap("Rencana tindak lanjut", width=1.0, size=8)
    ['Rencana', 'tindak lanjut']
    """
    units = _BREAK.split(" ".join(text.split()))
    parts = (u.split() if text_width(u, size, weight) > width else [u] for u in units)
    words = [(word, text_width(word, size, weight)) for part in parts for word in part]
    space = text_width(" ", size, weight)

    def fill(room: float) -> tuple[list[str], float]:
        """Return the lines that fit in a room, and the width of the widest."""
        lines: list[str] = []
        long = widest = 0.0
        for word, wide in words:
            if lines and long + space + wide <= room:
                lines[-1], long = f"{lines[-1]} {word}", long + space + wide
            else:
                lines.append(word)
                long = wide
            widest = max(widest, long)
        return lines or [""], round(widest, 6)

    first = fill(width)
    tries = [fill(width * (1 - step / 40)) for step in range(1, 24)]
    same = [(lines, widest) for lines, widest in tries if len(lines) == len(first[0])]
    return min([first, *same], key=lambda broken: broken[1])[0]


def legend_columns(names: Sequence[str], room: float, mark: float) -> int:
    """Return in how many columns a legend fits a room; ``mark`` inches stand beside each name."""
    widths = [text_width(name, SMALL) + mark for name in names]
    return len(names) if sum(widths) <= room else max(1, int(room / max(widths)))


def _grow(fig: Figure, top: float = 0.0, bottom: float = 0.0) -> None:
    """Add inches above and below a figure, leaving everything on it where it was in inches."""
    from matplotlib.patches import Rectangle

    if fig.get_layout_engine() is not None:
        fig.draw_without_rendering()
    fig.set_layout_engine("none")
    width, height = fig.get_size_inches()
    new = height + top + bottom

    def up(y: float) -> float:
        return float((y * height + bottom) / new)

    for ax in fig.axes:
        place = ax.get_position(original=True)
        ax.set_position((place.x0, up(place.y0), place.width, place.height * height / new))
    for text in fig.texts:
        if text.get_transform() is fig.transSubfigure or text.get_transform() is fig.transFigure:
            text.set_y(up(text.get_position()[1]))
    for patch in (*fig.patches, *fig.artists):
        if isinstance(patch, Rectangle):
            patch.set_height(patch.get_height() * height / new)
            patch.set_y(up(patch.get_y()))
    fig.set_size_inches(width, new)


def mark_simulated(fig: Figure, lang: str = "en") -> None:
    """Put a strip above a figure saying that its data are simulated.

    The figure grows by the height of the strip, so nothing is covered. Call it after everything
    else is drawn; a second call changes nothing.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        The figure, complete.
    lang : {"en", "id"}
        Language of the strip.

    Raises
    ------
    OptionError
        If the language is not known.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from kube_research.figures import style
    >>> fig, ax = plt.subplots()
    >>> style.mark_simulated(fig, "id")
    >>> fig.texts[-1].get_text()
    'SIMULASI — menunjukkan cara kerja, bukan bukti'
    >>> plt.close(fig)
    """
    from matplotlib.patches import Rectangle

    words = say("mark.simulated", lang)
    if any(artist.get_gid() == "simulated-strip" for artist in fig.artists):
        return
    width = float(fig.get_size_inches()[0])
    size, weight = BODY, "bold"
    lines = wrap(words, width - 0.3, size, weight)
    strip, gap = 0.13 + len(lines) * size * 1.25 / 72, 0.07
    _grow(fig, top=strip + gap)
    height = float(fig.get_size_inches()[1])
    place: Any = {"transform": fig.transFigure, "edgecolor": "none", "gid": "simulated-strip"}
    for wide, colour in ((1.0, tint(VERDICTS["partly"], 0.30)), (0.08 / width, INK)):
        corner = (0.0, 1 - strip / height)
        fig.add_artist(Rectangle(corner, wide, strip / height, facecolor=colour, **place))
    fig.text(
        0.17 / width,
        1 - strip / height / 2,
        "\n".join(lines),
        ha="left",
        va="center_baseline" if len(lines) == 1 else "center",
        fontsize=size,
        fontweight=weight,
        family=FONT,
        color=INK,
        gid="simulated-text",
    )


def note(fig: Figure, text: str) -> None:
    """Write a note (a source, a warning) under a figure.

    The figure grows by the height of the note. Call it after everything else is drawn; a further
    note goes under the first.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        The figure, complete.
    text : str
        The note; it is wrapped to the width of the figure.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from kube_research.figures import style
    >>> fig, ax = plt.subplots()
    >>> style.note(fig, "Source: Table 2.")
    >>> fig.texts[-1].get_text()
    'Source: Table 2.'
    >>> plt.close(fig)
    """
    width = float(fig.get_size_inches()[0])
    lines = wrap(text, (width - 0.16) * 0.98, SMALL)
    block = len(lines) * SMALL * 1.3 / 72
    _grow(fig, bottom=block + 0.1)
    fig.text(
        0.08 / width,
        (block + 0.05) / float(fig.get_size_inches()[1]),
        "\n".join(lines),
        ha="left",
        va="top",
        fontsize=SMALL,
        family=FONT,
        color=QUIET,
        linespacing=1.25,
        parse_math=False,
        gid="note",
    )


def figure_of(axes: Axes | Sequence[Axes]) -> Figure:
    """Return the whole figure that axes, or the first of several, are on."""
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    ax = axes if isinstance(axes, Axes) else axes[0]
    home = ax.get_figure(root=True)
    if not isinstance(home, Figure):
        raise OptionError("ax is on no figure")
    return home


def save(fig: Figure, folder: str | Path, name: str) -> list[Path]:
    """Write a figure as ``name.svg`` and ``name.png`` and close it.

    The same figure gives the same bytes: no date, no version and no random id is written. Each
    file is written aside and then put in place, so a reader never sees half a file.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        The figure; it is closed, also when writing fails.
    folder : str or pathlib.Path
        Where to write; made if it does not exist.
    name : str
        Name of the files without an ending.

    Returns
    -------
    list of pathlib.Path
        The SVG and the PNG file.

    Raises
    ------
    OptionError
        If the name holds a folder or is empty.

    Examples
    --------
    >>> import tempfile
    >>> import matplotlib.pyplot as plt
    >>> from kube_research.figures import style
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in style.save(plt.figure(), folder, "empty")]
    ['empty.svg', 'empty.png']
    """
    import matplotlib.pyplot as plt

    if not name or Path(name).name != name:
        raise OptionError(f"name is {name!r}; it must be a file name without folder and ending")
    paths = [Path(folder) / f"{name}.{ending}" for ending in _FILES]
    Path(folder).mkdir(parents=True, exist_ok=True)
    try:
        for path in paths:
            replace_file(path, _file_bytes(fig, path.suffix[1:]))
    finally:
        plt.close(fig)
    return paths


def png_bytes(fig: Figure) -> bytes:
    """Return a figure as a PNG and close it; the same figure gives the same bytes."""
    import matplotlib.pyplot as plt

    try:
        return _file_bytes(fig, "png")
    finally:
        plt.close(fig)


_FILES: dict[str, dict[str, Any]] = {
    "svg": {"metadata": {"Date": None, "Creator": None}},
    # Harder compression takes twice as long and saves next to nothing on these pictures.
    "png": {"metadata": {"Software": None}, "pil_kwargs": {"compress_level": 3}},
}


def _file_bytes(fig: Figure, kind: str) -> bytes:
    import matplotlib as mpl

    buffer = io.BytesIO()
    with mpl.rc_context(FIXED):
        fig.savefig(buffer, format=kind, dpi=DPI, facecolor="white", **_FILES[kind])
    return buffer.getvalue()
