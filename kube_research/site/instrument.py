"""What the instrument asks of its numbers: negative statements turned round, weights, section numbers.

A negative statement ("I give up quickly") is answered on the same scale, and a high answer means less.
On loading its scores are turned round, lowest + highest - answer, so that high means more in every
frame; answers and printed means stay beside them as they were given.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import narwhals as nw
import pandas as pd

from kube_research.engines import column_names, field_column, query_on
from kube_research.texts import text


def recoded(frame: pd.DataFrame) -> pd.Series:
    """Tell which rows are of negative statements, whose scores are turned round."""
    if "direction" not in frame:
        return pd.Series(False, frame.index)
    return frame["direction"].eq("negative").fillna(False).astype(bool)


def negative_items(items: pd.DataFrame) -> list[int]:
    """Return the numbers of the negative statements.

    Examples
    --------
    >>> import pandas as pd
    >>> negative_items(pd.DataFrame({"item": [1, 2], "direction": ["negative", "positive"]}))
    [1]
    """
    return [int(number) for number in items.loc[recoded(items), "item"].dropna()]


def with_instrument(ratings: Any, items: pd.DataFrame, scale: tuple[Any, Any] | None) -> Any:
    """Give ratings what the instrument says of their items: field, weight, and scores turned round.

    Parameters
    ----------
    ratings : frame of any engine
        Long ratings as they were answered. Those that have ``score_given`` are turned already.
    items : DataFrame
        The instrument.
    scale : (number, number) or None
        Lowest and highest score; needed where a statement is negative.

    Returns
    -------
    frame of the same engine
        With ``field_no`` of each item; with ``score_given`` (as answered) where the instrument has a
        negative statement, whose ``score`` is turned; with ``weight`` where it has weights.

    Examples
    --------
    >>> import pandas as pd
    >>> items = pd.DataFrame({"item": [1, 2], "field_no": 1, "direction": ["negative", "positive"]})
    >>> ratings = pd.DataFrame({"item": [1, 2], "score": [4, 4]})
    >>> with_instrument(ratings, items, (1, 4))[["score", "score_given"]].values.tolist()
    [[1, 4], [4, 4]]
    """
    names = column_names(ratings)
    known = items.dropna(subset=["item"])
    if "field_no" not in names:
        fields = known.dropna(subset=["field_no"])
        pairs = zip(fields["item"], fields["field_no"], strict=True)
        ratings = field_column(ratings, fields={int(item): int(number) for item, number in pairs})
    negative = negative_items(known)
    if negative and "score_given" not in names and scale is not None:
        ratings = _turned(ratings, negative, scale)
    return with_weights(ratings, known) if "weight" not in names else ratings


def _turned(ratings: Any, negative: list[int], scale: tuple[Any, Any]) -> Any:
    """Turn the scores of negative statements round and keep the answers."""
    given = nw.col("score")
    turned = nw.when(nw.col("item").is_in(negative)).then(sum(scale) - given).otherwise(given)
    return _kept(
        ratings, nw.to_native(query_on(ratings).with_columns(score_given=given, score=turned))
    )


def _kept(before: Any, after: Any) -> Any:
    """Let a pandas frame keep what it knows of its scale."""
    if isinstance(before, pd.DataFrame):
        after.attrs.update(before.attrs)
    return after


def with_weights(ratings: Any, items: pd.DataFrame) -> Any:
    """Give each rating the weight of its item in the mean of its field, where there are weights.

    Parameters
    ----------
    ratings : frame of any engine
        Long ratings; a ``weight`` they have already gives way to that of the instrument.
    items : DataFrame
        ``item`` and perhaps ``weight``, whose blanks count as 1.

    Returns
    -------
    frame of the same engine

    Examples
    --------
    >>> import pandas as pd
    >>> items = pd.DataFrame({"item": [1, 2], "weight": [2.0, None]})
    >>> with_weights(pd.DataFrame({"item": [2, 1]}), items)["weight"].tolist()
    [1.0, 2.0]
    """
    if "weight" not in items or not items["weight"].notna().any():
        return ratings
    weight: Any = nw.lit(1.0)
    numbers = items.set_index("item")["weight"].dropna()
    for value, part in numbers.groupby(numbers):
        own = nw.col("item").is_in([int(item) for item in part.index])
        weight = nw.when(own).then(nw.lit(float(str(value)))).otherwise(weight)
    return _kept(ratings, nw.to_native(query_on(ratings).with_columns(weight=weight)))


def with_turned_means(
    item_means: pd.DataFrame, items: pd.DataFrame, scale: tuple[Any, Any]
) -> pd.DataFrame:
    """Put beside the printed means of negative statements what they are once turned round.

    Parameters
    ----------
    item_means : DataFrame
        ``item`` and ``mean`` as printed, in the direction of the answers.
    items : DataFrame
        The instrument.
    scale : (number, number)
        Lowest and highest score.

    Returns
    -------
    DataFrame
        With ``mean_recoded`` (text with the digits of the printed mean; missing for positive statements)
        if any mean is that of a negative statement.

    Examples
    --------
    >>> import pandas as pd
    >>> items = pd.DataFrame({"item": [1, 2], "direction": ["negative", "positive"]})
    >>> means = pd.DataFrame({"item": [1, 2], "mean": ["3.50", "2.40"]})
    >>> with_turned_means(means, items, (1, 4))["mean_recoded"].tolist()
    ['1.50', <NA>]
    """
    negative = item_means["item"].isin(negative_items(items))
    if not negative.any():
        return item_means
    ends = sum(Decimal(str(end)) for end in scale)
    turned = (
        item_means["mean"].where(negative).map(lambda mean: str(ends - Decimal(mean)), "ignore")
    )
    return item_means.assign(mean_recoded=turned.astype(pd.StringDtype()))


def stated(frame: pd.DataFrame, lang: str, *, codes: bool = True) -> pd.Series:
    """Return statements as readers see them: behind their section numbers, and marked if turned round.

    Parameters
    ----------
    frame : DataFrame
        ``statement_en`` and ``statement_id`` (a blank falls back to the other), perhaps ``code`` and
        ``direction``.
    lang : {"en", "id"}
        Language.
    codes : bool
        Whether section numbers are put before the statements.

    Examples
    --------
    >>> import pandas as pd
    >>> items = pd.DataFrame({"code": ["1.10"], "statement_en": ["I give up"], "statement_id": [None]})
    >>> stated(items.assign(direction="negative"), "en").tolist()
    ['1.10 I give up (recoded)']
    """
    other = "en" if lang == "id" else "id"
    words = frame[f"statement_{lang}"].fillna(frame[f"statement_{other}"]).fillna("").astype(str)
    if codes and "code" in frame:
        words = words.where(frame["code"].isna(), frame["code"].fillna("") + " " + words)
    return words.mask(recoded(frame), words.map(lambda w: text("items.recoded", lang, statement=w)))


def recoded_note(frame: pd.DataFrame, lang: str) -> str:
    """Say what the mark of negative statements means, if there is one."""
    return text("items.recoded_note", lang) if recoded(frame).any() else ""
