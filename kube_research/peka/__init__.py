"""PEKA: scores of items and fields, strong and weak, and what they lead to."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
