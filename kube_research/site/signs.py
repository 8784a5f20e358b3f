"""What the category of an entry says of its sign: whether money came in or went out."""

from __future__ import annotations

import pandas as pd

from kube_research.files import declared
from kube_research.site.accounts import chart_of_accounts, with_flows


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
    accounts = declared("site/accounts.toml")
    entries = with_flows(ledger, categories)
    signs = {flow: entry["sign"] for flow, entry in accounts["flows"].items()}
    said = entries["flow"].map(signs).fillna(0).astype("int64")
    declared_by = chart_of_accounts(categories).set_index("category")["declared_by"]
    own = entries["code"].map(declared_by).eq("site").fillna(False).astype(bool)
    return entries.assign(
        direction=said.where(own | ~entries["code"].isin(accounts["either_way"]), 0)
    )
