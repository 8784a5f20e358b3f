"""What the money of a ledger entry is: every category is read as one flow, or as unknown."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd

from kube_research.files import declared
from kube_research.frames import need_columns, need_option


@cache
def _declared() -> dict[str, dict[str, Any]]:
    return declared("site/accounts.toml")


def flows() -> pd.DataFrame:
    """Return the kinds of movement that the analysis of the books knows.

    Returns
    -------
    DataFrame
        One row per flow: ``flow``, ``sign`` (1 money in, -1 money out, 0 either), ``transfer`` (whether
        the other half of the movement stands in another book of the group), ``label_en``, ``label_id``.

    Examples
    --------
    >>> flows().query("transfer")["flow"].tolist()
    ['cooperative', 'transfer', 'iks_share']
    """
    declared_flows = pd.DataFrame.from_dict(_declared()["flows"], orient="index")
    named = declared_flows.rename(columns={"en": "label_en", "id": "label_id"})
    return named.rename_axis("flow").reset_index()


def chart_of_accounts(categories: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return which category code is read as which flow.

    Parameters
    ----------
    categories : DataFrame, optional
        A site's own ``categories`` table: ``category``, ``flow`` and perhaps ``purpose``. It goes before
        the codes the package knows.

    Returns
    -------
    DataFrame
        ``category`` (lower case), ``flow``, ``purpose`` (of IKS money; missing for other flows),
        ``declared_by`` (``site`` or ``package``).

    Raises
    ------
    kube_research.errors.MissingColumnError, kube_research.errors.OptionError

    Examples
    --------
    >>> own = pd.DataFrame({"category": ["jual_nasi"], "flow": ["sale"]})
    >>> chart_of_accounts(own).iloc[0][["category", "flow", "declared_by"]].tolist()
    ['jual_nasi', 'sale', 'site']
    """
    declared = _declared()
    purposes = {code: name for name, codes in declared["purposes"].items() for code in codes}
    known = [
        {"category": code, "flow": flow, "declared_by": "package"}
        for flow, codes in declared["codes"].items()
        for code in codes
    ]
    chart = pd.DataFrame(known, dtype="string")
    chart["purpose"] = chart["category"].map(purposes)
    if categories is not None:
        need_columns(categories, "category", "flow")
        for flow in categories["flow"]:
            need_option("flow", flow, tuple(declared["flows"]))
        own = categories[["category", "flow"]].astype("string").assign(declared_by="site")
        own["category"] = own["category"].str.lower()
        own["purpose"] = own["category"].map(purposes)
        if "purpose" in categories:
            own["purpose"] = categories["purpose"].astype("string").fillna(own["purpose"])
        chart = pd.concat([own, chart], ignore_index=True).drop_duplicates("category")
    columns = ["category", "flow", "purpose", "declared_by"]
    return chart[columns].astype("string").reset_index(drop=True)


def with_flows(ledger: pd.DataFrame, categories: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the ledger with the code, the flow and the IKS purpose of every entry.

    Parameters
    ----------
    ledger : DataFrame
        ``category``.
    categories : DataFrame, optional
        See :func:`chart_of_accounts`.

    Returns
    -------
    DataFrame
        The rows as they came, index kept, with ``code`` (the category as one spelling), ``flow``
        (``unknown`` for a code that neither the site nor the package declares) and ``purpose``. Upper
        and lower case do not matter, and where a code is not declared as it stands, a space, hyphen or
        point counts as ``_``.

    Raises
    ------
    kube_research.errors.MissingColumnError, kube_research.errors.OptionError

    Examples
    --------
    >>> with_flows(pd.DataFrame({"category": ["Penjualan", "arisan"]}))["flow"].tolist()
    ['sale', 'unknown']
    """
    need_columns(ledger, "category")
    chart = chart_of_accounts(categories).set_index("category")
    code = ledger["category"].astype("string").str.lower()
    joined = code.str.replace(r"[\s.-]+", "_", regex=True)
    code = code.where(code.isin(chart.index), joined)
    return ledger.assign(
        code=code,
        flow=code.map(chart["flow"]).astype("string").fillna("unknown"),
        purpose=code.map(chart["purpose"]).astype("string"),
    )
