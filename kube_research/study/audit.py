"""The claims of a source, audited: what its own tables say of each."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import pandas as pd

from kube_research.errors import KubeError
from kube_research.frames import grades_by, need_option
from kube_research.study import claims_counts, claims_facts, claims_measures
from kube_research.study.case import CHECKS, VERDICTS, Answer, Case, Row, Settled, Source
from kube_research.texts import check_language, text

if TYPE_CHECKING:
    from kube_research.site.folder import Site

__all__ = ["CHECKS", "COLUMNS", "VERDICTS", "claims", "claims_by", "claims_summary"]

#: The modules whose import registers the checks.
FAMILIES = (claims_counts, claims_facts, claims_measures)

COLUMNS = (
    "claim",
    "statement",
    "kind",
    "verdict",
    "finding",
    "evidence",
    "against",
    "needed",
    "locator",
)


def claims(site: Site, *, lang: str = "en") -> pd.DataFrame:
    """Give every claim of a source a verdict, computed from the site's tables.

    Parameters
    ----------
    site : Site
        A site with a claims table. A claim whose code has no check here is not checkable.
    lang : {"en", "id"}
        Language of ``statement``, ``finding`` and ``needed``.

    Returns
    -------
    DataFrame
        One row per claim: ``claim``, ``statement``, ``kind``, ``verdict``, ``finding`` (what was
        computed), ``evidence`` (weakest grade of what the verdict rests on), ``against`` (codes of
        claims, or locators, that speak against it, joined by " | "), ``needed`` (what data would
        settle a claim that is not checkable), ``locator``.

        Verdicts: ``reproduced`` (worked out again from what the source states elsewhere or lists
        itself, and equal), ``consistent`` (published data bear on it and agree, but do not force
        it; statements that are contradicted themselves do not count), ``bounded`` (what it leaves
        open, or says in words, lies in the range that the finding gives), ``not checkable``
        (nothing published could settle it), ``tension`` (what ``against`` names pulls the other
        way, but both can be true), ``contradicted`` (it cannot be true together with what
        ``against`` names).

    Raises
    ------
    kube_research.errors.MissingTableError
        If the site has no claims table.
    kube_research.errors.OptionError
        If the language is not known.

    Notes
    -----
    Figures in a finding come from the tables and from the claim's own English wording; a claim
    whose wording and table differ is contradicted by the table. A claim on which other tables
    would bear, but which the site lacks, is not checkable.

    Examples
    --------
    >>> import kube_research as kr
    >>> audit = claims(kr.load_site("cibeunying")).set_index("claim")
    >>> audit.loc["mentoring_4_date", "verdict"], audit.loc["meetings_first_week", "against"]
    ('consistent', 'mentoring_4_date')
    """
    return site.cached(_claims, check_language(lang))


def _claims(site: Site, lang: str) -> pd.DataFrame:
    source = Source(site, lang)
    rows = []
    for row in source.rows("claims"):
        statement = row[f"statement_{lang}"] or row["statement_en"]
        answer = asdict(_answer(source, row))
        answer["against"] = " | ".join(answer["against"])
        about = {name: row[name] for name in ("claim", "kind", "locator")}
        rows.append({**about, "statement": statement, **answer})
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype("string")
    return frame.fillna({"against": "", "needed": ""})


def _answer(source: Source, row: Row) -> Answer:
    case = Case(source, row)
    if case.claim not in CHECKS:
        needed = text("claim.needed_check", source.lang, claim=case.claim)
        return case.open("no_check", needed=needed)
    try:
        function, inputs = CHECKS[case.claim]
        return function(case, *inputs)
    except Settled as settled:
        return settled.answer
    except KubeError as error:
        return case.open("no_table", needed=str(error))


def claims_summary(site: Site, *, lang: str = "en") -> pd.DataFrame:
    """Count the claims of a source by kind and verdict.

    Parameters
    ----------
    site : Site
        A site with a claims table.
    lang : {"en", "id"}
        Language of the labels.

    Returns
    -------
    DataFrame
        Tidy: ``kind``, ``verdict`` (codes), ``kind_label``, ``verdict_label`` (in ``lang``),
        ``claims`` (how many, none left out), ``evidence`` (weakest grade among them; empty where
        there are none). Kinds in the order of the table, verdicts from ``reproduced`` to
        ``contradicted``.

    Raises
    ------
    kube_research.errors.MissingTableError
        If the site has no claims table.

    Examples
    --------
    >>> import kube_research as kr
    >>> site = kr.load_site("cibeunying")
    >>> int(claims_summary(site)["claims"].sum()) == len(site.claims)
    True
    """
    audited, keys = claims(site, lang=lang), ["kind", "verdict"]
    cells = pd.MultiIndex.from_product([audited["kind"].unique(), VERDICTS], names=keys)
    counts = audited.groupby(keys).size().reindex(cells, fill_value=0).rename("claims")
    summary = counts.to_frame().join(grades_by(audited, keys)).reset_index()
    words = [verdict.replace(" ", "_") for verdict in summary["verdict"]]
    summary.insert(2, "kind_label", [text(f"claim.kind.{k}", lang) for k in summary["kind"]])
    summary.insert(3, "verdict_label", [text(f"claim.verdict.{word}", lang) for word in words])
    labels = summary.columns.drop("claims")
    return summary.astype(dict.fromkeys(labels, "string"))


def claims_by(site: Site, *, verdict: str, lang: str = "en") -> pd.DataFrame:
    """Return the claims of one verdict, with the columns that verdict calls for.

    Parameters
    ----------
    site : Site
        A site with a claims table.
    verdict : {"reproduced", "consistent", "bounded", "not checkable", "tension", "contradicted"}
    lang : {"en", "id"}

    Returns
    -------
    DataFrame
        ``claim``, ``statement``, ``finding``, then ``against`` for claims in tension or contradicted
        and ``needed`` for those that are not checkable, and ``locator``.

    Examples
    --------
    >>> import kube_research as kr
    >>> kr.study.claims_by(kr.load_site("cibeunying"), verdict="contradicted").columns.tolist()
    ['claim', 'statement', 'finding', 'against', 'locator']
    """
    need_option("verdict", verdict, VERDICTS)
    audited = claims(site, lang=lang)
    columns = ["claim", "statement", "finding", "locator"]
    if verdict in ("tension", "contradicted"):
        columns.insert(3, "against")
    elif verdict == "not checkable":
        columns.insert(3, "needed")
    return audited.loc[audited["verdict"] == verdict, columns].reset_index(drop=True)
