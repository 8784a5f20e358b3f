"""Action research with community business groups (KUBE).

PEKA scores, attendance, the groups' books, targets against results, and what printed numbers can and
cannot tell. Start with :func:`load_site`; every function takes tidy frames and returns tidy frames.
"""

import lazy_loader as _lazy

__version__ = "0.1.0"

#: What is public is declared in ``__init__.pyi``, for the loader, type checkers and editors alike.
__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
