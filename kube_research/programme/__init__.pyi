from .areas import (
    area_changes,
    funnel_limits,
    shrink_estimates,
)
from .bootstrap import (
    bootstrap_changes,
)
from .checks import (
    count_violations,
    lazy_violations,
)
from .figures import (
    area_forest,
    attrition_plot,
    caterpillar_plot,
    funnel_plot,
)
from .groups import (
    attrition_bounds,
    attrition_rates,
    fallen_by,
    fallen_groups,
    group_changes,
)
from .scan import (
    open_programme,
    programme_inventory,
    scan_sites,
)
from .summaries import (
    write_summaries,
)
from .sums import (
    group_sums,
    in_memory,
    item_area_sums,
)
from .weak import (
    weak_by_area,
    weak_everywhere,
)

__all__ = [
    "area_changes",
    "area_forest",
    "attrition_bounds",
    "attrition_plot",
    "attrition_rates",
    "bootstrap_changes",
    "caterpillar_plot",
    "count_violations",
    "fallen_by",
    "fallen_groups",
    "funnel_limits",
    "funnel_plot",
    "group_changes",
    "group_sums",
    "in_memory",
    "item_area_sums",
    "lazy_violations",
    "open_programme",
    "programme_inventory",
    "scan_sites",
    "shrink_estimates",
    "weak_by_area",
    "weak_everywhere",
    "write_summaries",
]
