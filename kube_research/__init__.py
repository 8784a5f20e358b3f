"""Action research with community business groups (KUBE).

PEKA scores, attendance, the groups' books, targets against results, and what printed numbers can and
cannot tell. Start with :func:`load_site`; every function takes tidy frames and returns tidy frames.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

#: Where each public name lives; modules are imported when a name is first used.
_HOMES = {
    "load_site": "site",
    "check_site": "site",
    "bundled_sites": "site",
    "score_items": "peka",
    "score_fields": "peka",
    "score_means": "peka",
    "classify_items": "peka",
    "classify_over": "peka",
    "item_scores": "peka",
    "to_long": "peka",
    "to_wide": "peka",
    "rtl_links": "peka",
    "attendance_rates": "attendance",
    "wilson_interval": "attendance",
    "ledger_balances": "finance",
    "closing_balances": "finance",
    "iks_split": "finance",
    "targets_against_results": "outcomes",
    "place_shares": "place",
    "unround": "printed",
    "grim": "evidence",
    "possible_totals": "evidence",
    "consistent_n": "evidence",
    "means_audit": "evidence",
    "sd_bounds": "evidence",
    "grim_percent": "consistency",
    "grimmer": "consistency",
    "debit": "consistency",
    "grim_frame": "consistency",
    "grimmer_frame": "consistency",
    "percent_frame": "consistency",
    "grim_audit": "consistency",
    "compatible_counts": "compatible",
    "count_compatible": "compatible",
    "sample_compatible": "compatible",
    "compatible_by_groups": "compatible",
    "sharp_bounds": "bounds",
    "bounds_frame": "bounds",
    "change_bounds": "change",
    "rank_reversal_share": "change",
    "rose_bounds": "rose",
    "decision_frame": "decision",
    "decision_summary": "decision",
    "compare_rounds": "compare",
    "compare_all_rounds": "compare",
    "which_comparison": "compare",
    "odds_of_change": "odds",
    "claims": "audit",
    "claims_summary": "audit",
    "claims_by": "audit",
    "pick": "frames",
    "count_by": "frames",
    "inventory": "frames",
    "reproduce": "reproduction",
    "scoreboard": "board",
    "show": "notebook",
    "present": "notebook",
    "present_frame": "notebook",
    "raw_logs": "notebook",
    "colophon": "notebook",
}
_MODULES = ("tables", "figures", "diagrams", "simulate", "catalogue", "errors", "style")

__all__ = ["__version__", *_HOMES, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"kube_research.{_HOMES[name]}"), name)
    if name in _MODULES:
        return import_module(f"kube_research.{name}")
    raise AttributeError(f"module 'kube_research' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
