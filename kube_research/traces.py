"""What a run of a notebook read and wrote, so that the next can tell whether it would do the same."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

#: Folders of sites loaded, and files written by notebooks, since this process started.
folders: dict[Path, None] = {}
written: dict[Path, None] = {}


def told() -> str:
    """Return as JSON what this process has read and written so far: modules, sites, files.

    Examples
    --------
    >>> import json
    >>> sorted(json.loads(told()))
    ['folders', 'modules', 'written']
    """
    loaded = [(name, module) for name, module in sys.modules.items() if name.startswith("kube_res")]
    files = {getattr(module, "__file__", None) for _, module in loaded}
    listed: dict[str, Any] = {
        "modules": sorted(Path(file).name for file in files if file),
        "folders": sorted(str(folder.resolve()) for folder in folders if folder.is_dir()),
        "written": sorted(str(path.resolve()) for path in written if path.is_file()),
    }
    return json.dumps(listed)
