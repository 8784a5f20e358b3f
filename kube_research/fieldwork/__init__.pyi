from .form import (
    Form,
    make_form,
    write_form,
)
from .importing import (
    Imported,
    import_ratings,
)
from .meanings import (
    Meanings,
    read_meanings,
)
from .new_site import (
    make_site,
)

__all__ = [
    "Form",
    "Imported",
    "Meanings",
    "import_ratings",
    "make_form",
    "make_site",
    "read_meanings",
    "write_form",
]
