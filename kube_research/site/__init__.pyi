from .accounts import (
    chart_of_accounts,
    flows,
    with_flows,
)
from .checksums import inventory
from .folder import (
    bundled_sites,
    check_site,
    load_site,
)

__all__ = [
    "bundled_sites",
    "chart_of_accounts",
    "check_site",
    "flows",
    "inventory",
    "load_site",
    "with_flows",
]
