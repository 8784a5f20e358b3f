"""``python -m kube_research`` is the command ``kube-research``."""

from kube_research.cli import main

main(prog_name="kube-research")
