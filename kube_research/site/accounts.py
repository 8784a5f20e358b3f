"""What the money of an entry is, and what a book holds: a flow a category, a kind a book."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd

from kube_research.files import declared
from kube_research.frames import need_columns, need_option


@cache
def _declared() -> dict[str, dict[str, Any]]:
    return declared("site/accounts.toml")


def _purposes() -> dict[str, str]:
    return {code: name for name, codes in _declared()["purposes"].items() for code in codes}


@cache
def _package_chart() -> pd.DataFrame:
    """Return the codes that the package knows, once: the frame is never changed."""
    known = [
        {"category": code, "flow": flow, "declared_by": "package"}
        for flow, codes in _declared()["codes"].items()
        for code in codes
    ]
    chart = pd.DataFrame(known, dtype="string")
    return chart.assign(purpose=chart["category"].map(_purposes()))


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
    declared, chart = _declared(), _package_chart()
    if categories is not None:
        purposes = _purposes()
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


def with_directions(ledger: pd.DataFrame, categories: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the ledger with what the category of each entry says of it.

    Parameters
    ----------
    ledger : DataFrame
        ``category``, and perhaps ``book``.
    categories : DataFrame, optional
        See :func:`chart_of_accounts`. A word that can mean both (``bantuan``: received, or given) says
        something only where the site declares it.

    Returns
    -------
    DataFrame
        With the columns of :func:`with_flows`, and ``direction``: 1 money in, -1 money out, 0 nothing.

    Raises
    ------
    kube_research.errors.MissingColumnError, kube_research.errors.OptionError

    Examples
    --------
    >>> ledger = pd.DataFrame({"category": ["pembelian", "penjualan", "bantuan", "arisan"]})
    >>> with_directions(ledger)["direction"].tolist()
    [-1, 1, 0, 0]
    """
    entries = with_flows(ledger, categories)
    signs = {flow: entry["sign"] for flow, entry in _declared()["flows"].items()}
    direction = entries["flow"].map(signs).fillna(0).astype("int64")
    open_words = set(_declared()["either_way"])
    if categories is not None:
        open_words -= set(categories["category"].astype("string").str.lower())
    return entries.assign(direction=direction.mask(entries["code"].isin(open_words), 0))


#: What a book can hold.
BOOK_KINDS = ("cash", "savings", "solidarity", "loans", "shares", "other")


def book_kinds(books: pd.DataFrame | None = None) -> dict[str, str]:
    """Return what each book holds, by its code in lower case.

    Parameters
    ----------
    books : DataFrame, optional
        A site's own ``books`` table: ``book``, perhaps ``kind``. It goes before the codes we know.

    Returns
    -------
    dict of str to str
        One of :data:`BOOK_KINDS` for every code; a book that stands in neither holds something else.

    Raises
    ------
    kube_research.errors.MissingColumnError, kube_research.errors.OptionError

    Examples
    --------
    >>> own = pd.DataFrame({"book": ["arisan", "bank"], "kind": ["other", "cash"]})
    >>> [book_kinds(own)[book] for book in ("bank", "tabungan", "pinjaman")]
    ['cash', 'savings', 'loans']
    """
    kinds = {code: kind for kind, codes in _declared()["books"].items() for code in codes}
    if books is not None and "kind" in books:
        need_columns(books, "book")
        stated = books[books["book"].notna() & books["kind"].notna()]
        for book, kind in zip(stated["book"], stated["kind"], strict=True):
            need_option("kind", kind, BOOK_KINDS)
            kinds[str(book).lower()] = str(kind)
    return kinds
