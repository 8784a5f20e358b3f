"""What a slip of the pen would have to be to explain a difference exactly."""

from __future__ import annotations

from kube_research.reconcile_chain import Event, Order
from kube_research.reconcile_rows import Finding, Rows


def slip_of_digits(written: int, right: int) -> str:
    """Return which slip turns the right number into the written one, or nothing.

    Returns
    -------
    str
        ``sign``, ``swap`` (two neighbouring digits exchanged), ``thousands`` or ``zeros`` (a power of
        ten), ``dropped`` or ``added`` (one digit), ``digit`` (one digit wrong), or empty.

    Examples
    --------
    >>> slip_of_digits(540000, 450000), slip_of_digits(12000, 120000), slip_of_digits(-7, 7)
    ('swap', 'zeros', 'sign')
    """
    if written == -right and written:
        return "sign"
    if written * right <= 0 or written == right:
        return ""
    one, two = str(abs(written)), str(abs(right))
    if len(one) == len(two):
        apart = [at for at, (a, b) in enumerate(zip(one, two, strict=True)) if a != b]
        if len(apart) == 1:
            return "digit"
        at = apart[0]
        crossed = one[at] == two[at + 1] and one[at + 1] == two[at] if at + 1 < len(one) else False
        return "swap" if len(apart) == 2 and apart[1] == at + 1 and crossed else ""
    longer, shorter = (one, two) if len(one) > len(two) else (two, one)
    if longer == shorter + "0" * (len(longer) - len(shorter)):
        return "thousands" if len(longer) - len(shorter) == 3 else "zeros"
    if len(longer) == len(shorter) + 1 and any(
        longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer))
    ):
        return "dropped" if longer == two else "added"
    return ""


def slipped(rows: Rows, event: Event) -> Finding:
    """Return the finding of one miswritten balance between two that fit."""
    at, off = event.at, event.size
    stated, right = int(rows.balance[at]), int(rows.balance[at]) - off
    cause = slip_of_digits(stated, right)
    fill: dict[str, object] = {"stated": stated, "expected": right, "difference": off}
    hint = f"stated_{cause}" if cause else "stated_unknown"
    other = event.since if event.since >= 0 else None
    return Finding(at, "balance", "certain", "slip", hint, right, off, other, fill)


def jumped(rows: Rows, event: Event, between: Order, after: int | None) -> Finding:
    """Return the finding of a difference that lasts from a row on.

    Parameters
    ----------
    rows : Rows
        The ledger.
    event : Event
        The jump.
    between : array of int
        Rows since the last stated balance, the row of the jump last.
    after : int or None
        The next row of the book.
    """
    at, size = event.at, event.size
    stated, right = int(rows.balance[at]), int(rows.balance[at]) - event.size
    fill: dict[str, object] = {
        "stated": stated,
        "expected": right,
        "difference": size,
        "missing": abs(size),
        "row_before": event.since if event.since >= 0 else at,
    }
    other = event.since if event.since >= 0 else None
    done = Finding(at, "balance", "certain", "jump", "missing_in", right, size, other, fill)
    done.suggestion = "missing_in" if size > 0 else "missing_out"
    if event.since < 0:
        done.suggestion += "_first"
    for row in between[::-1]:
        amount = int(rows.amount[row])
        cause = slip_of_digits(amount, amount + size)
        if cause in ("swap", "zeros", "thousands", "dropped", "added"):
            fill.update(amount=amount, meant=amount + size, row_meant=int(row))
            done.suggestion = f"amount_{cause}"
            return done
    for row in between[::-1]:
        amount = int(rows.amount[row])
        if amount and size in (-amount, amount):
            fill.update(amount=amount, row_meant=int(row))
            done.suggestion = "left_out" if size == -amount else "counted_twice"
            return done
    cause = slip_of_digits(stated, right)
    if cause in ("swap", "zeros", "thousands", "dropped", "added", "sign"):
        done.suggestion = f"carried_{cause}"
        return done
    for near in (event.since, after):
        if near is not None and near >= 0 and size in (-rows.amount[near], rows.amount[near]):
            amount = int(rows.amount[near])
            fill.update(amount=amount, row_meant=int(near))
            done.suggestion = "left_out" if size == -amount else "counted_twice"
            return done
    if str(abs(size)).strip("0") == "1":
        done.suggestion = "column"
    return done
