"""What goes onto a finished figure: the simulated mark, the source note, and the file."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kube_research import style
from kube_research.errors import OptionError
from kube_research.texts import text as say

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def _grow(fig: Figure, top: float = 0.0, bottom: float = 0.0) -> None:
    """Add inches above and below a figure, leaving everything on it where it was in inches."""
    from matplotlib.patches import Rectangle

    if fig.get_layout_engine() is not None or fig.legends:
        fig.draw_without_rendering()
    fig.set_layout_engine("none")
    width, height = fig.get_size_inches()
    new = height + top + bottom

    def up(y: float) -> float:
        return float((y * height + bottom) / new)

    corners = [legend.get_window_extent() for legend in fig.legends]
    for legend, box in zip(fig.legends, corners, strict=True):
        legend.set_bbox_to_anchor((0, 0, 1, 1), fig.transFigure)
        legend.borderaxespad = 0
        legend.set_loc((box.x0 / fig.dpi / width, up(box.y0 / fig.dpi / height)))
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
    >>> from kube_research import marks
    >>> fig, ax = plt.subplots()
    >>> marks.mark_simulated(fig, "id")
    >>> fig.texts[-1].get_text()
    'SIMULASI — menunjukkan cara kerja, bukan bukti'
    >>> plt.close(fig)
    """
    from matplotlib.patches import Rectangle

    words = say("mark.simulated", lang)
    if any(artist.get_gid() == "simulated-strip" for artist in fig.artists):
        return
    width = float(fig.get_size_inches()[0])
    size, weight = style.BODY, "bold"
    lines = style.wrap(words, width - 0.3, size, weight)
    strip, gap = 0.13 + len(lines) * size * 1.25 / 72, 0.07
    _grow(fig, top=strip + gap)
    height = float(fig.get_size_inches()[1])
    low = 1 - strip / height
    for x, wide, colour in (
        (0.0, 1.0, style.tint(style.VERDICTS["partly"], 0.30)),
        (0.0, 0.08 / width, style.INK),
    ):
        fig.add_artist(
            Rectangle(
                (x, low),
                wide,
                strip / height,
                transform=fig.transFigure,
                facecolor=colour,
                edgecolor="none",
                gid="simulated-strip",
            )
        )
    fig.text(
        0.17 / width,
        1 - strip / height / 2,
        "\n".join(lines),
        ha="left",
        va="center_baseline" if len(lines) == 1 else "center",
        fontsize=size,
        fontweight=weight,
        family=style.FONT,
        color=style.INK,
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
    >>> from kube_research import marks
    >>> fig, ax = plt.subplots()
    >>> marks.note(fig, "Source: Table 2.")
    >>> fig.texts[-1].get_text()
    'Source: Table 2.'
    >>> plt.close(fig)
    """
    width = float(fig.get_size_inches()[0])
    lines = style.wrap(text, (width - 0.16) * 0.98, style.SMALL)
    block = len(lines) * style.SMALL * 1.3 / 72
    _grow(fig, bottom=block + 0.1)
    fig.text(
        0.08 / width,
        (block + 0.05) / float(fig.get_size_inches()[1]),
        "\n".join(lines),
        ha="left",
        va="top",
        fontsize=style.SMALL,
        family=style.FONT,
        color=style.QUIET,
        linespacing=1.25,
        parse_math=False,
        gid="note",
    )


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
    >>> from kube_research import marks
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in marks.save(plt.figure(), folder, "empty")]
    ['empty.svg', 'empty.png']
    """
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    if not name or Path(name).name != name:
        raise OptionError(f"name is {name!r}; it must be a file name without folder and ending")
    folder = Path(folder)
    written: list[Path] = []
    kinds: dict[str, dict[str, Any]] = {
        "svg": {"metadata": {"Date": None, "Creator": None}},
        # Harder compression takes twice as long and saves next to nothing on these pictures.
        "png": {"metadata": {"Software": None}, "pil_kwargs": {"compress_level": 3}},
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for ending, options in kinds.items():
            buffer = io.BytesIO()
            with mpl.rc_context(style.FIXED):
                fig.savefig(buffer, format=ending, dpi=style.DPI, facecolor="white", **options)
            target = folder / f"{name}.{ending}"
            aside = folder / f".{name}.{ending}.{os.getpid()}.part"
            try:
                aside.write_bytes(buffer.getvalue())
                aside.replace(target)
            finally:
                aside.unlink(missing_ok=True)
            written.append(target)
    finally:
        plt.close(fig)
    return written
