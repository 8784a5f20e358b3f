"""The place of the study: what its printed figures imply for one another."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from kube_research.errors import MissingColumnError
from kube_research.evidence import unround
from kube_research.frames import need_columns
from kube_research.texts import check_language, text

if TYPE_CHECKING:
    import pandas as pd


def place_shares(facts: pd.DataFrame, *, lang: str = "en") -> pd.DataFrame:
    """Derive from printed facts about a place what they leave no choice about, and bound the rest.

    Parameters
    ----------
    facts : DataFrame
        Columns ``fact`` and ``value`` with ``kelurahan_poor_people``, ``kelurahan_population``,
        ``regency_poor_people``, ``regency_poor_pct``, ``income_low``, ``income_high`` and
        ``minimum_wage``.
    lang : {"en", "id"}
        Language of the descriptions.

    Returns
    -------
    DataFrame
        ``measure``, ``low`` and ``high`` (equal where the facts leave no choice), ``unit``,
        ``evidence``: poor residents as a share of the kelurahan, the regency population that the
        printed percentage implies under any rounding to its digits, and incomes as a share of the
        minimum wage.

    Raises
    ------
    kube_research.errors.MissingColumnError
        If a fact is missing.

    Examples
    --------
    >>> import kube_research as kr
    >>> shares = place_shares(kr.load_site("cibeunying").facts)
    >>> shares[["low", "high"]].round(2).values.tolist()[0]
    [7.26, 7.26]
    """
    import pandas as pd

    check_language(lang)
    need_columns(facts, "fact", "value")
    values = facts.set_index("fact")["value"]
    wanted = (
        "kelurahan_poor_people",
        "kelurahan_population",
        "regency_poor_people",
        "regency_poor_pct",
        "income_low",
        "income_high",
        "minimum_wage",
    )
    absent = [name for name in wanted if name not in values.index]
    if absent:
        have = ", ".join(values.index)
        raise MissingColumnError(
            text("error.missing_columns", lang, columns=", ".join(absent), have=have)
        )
    number = {name: Fraction(str(values[name])) for name in wanted}
    share = 100 * number["kelurahan_poor_people"] / number["kelurahan_population"]
    spans = [unround(str(values["regency_poor_pct"]), rule) for rule in ("half-up", "truncate")]
    low_pct, high_pct = min(span.low for span in spans), max(span.high for span in spans)
    people = 100 * number["regency_poor_people"]
    wage = number["minimum_wage"]
    rows = [
        ("poor_share", share, share, "percent", "derived"),
        ("regency_population", people / high_pct, people / low_pct, "people", "bounded"),
        (
            "income_share",
            100 * number["income_low"] / wage,
            100 * number["income_high"] / wage,
            "percent",
            "derived",
        ),
    ]
    return pd.DataFrame(
        [
            {
                "measure": text(f"place.{name}", lang),
                "low": float(low),
                "high": float(high),
                "unit": text(f"place.{unit}", lang),
                "evidence": grade,
            }
            for name, low, high, unit, grade in rows
        ]
    )
