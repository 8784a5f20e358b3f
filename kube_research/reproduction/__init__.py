"""Runs the notebooks and holds printed values against recomputed ones."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
