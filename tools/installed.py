"""The built wheel, installed without the checkout: what a student has, tried from another folder.

``python -m tools.installed`` builds the wheel and uses it in two bare environments: one with the
packages of ``requirements.lock`` (everything a user can do), one with those of
``requirements-lowest.lock`` (the stated floors: the README's snippet, ``check`` and ``report``).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def build_wheel(folder: Path) -> Path:
    """Build the wheel of the checkout into a folder and return it."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet"]
    options = ["--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run([*pip, *options], check=True)
    return next(folder.glob("*.whl"))


def bare_environment(folder: Path, lock: str, wheel: Path) -> Path:
    """Make an environment with the packages of a lock and the wheel; return its Python."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / lock)], check=True)
    subprocess.run([*pip, "--no-deps", str(wheel)], check=True)
    return python


def run(python: Path, where: Path, *arguments: str) -> None:
    """Run Python in a folder, as a user would: nothing of the checkout is on the path."""
    print("$ python", *(arguments[:2] if arguments[0] == "-c" else arguments), flush=True)
    clean = {
        key: value for key, value in os.environ.items() if not key.startswith(("KUBE", "PYTHON"))
    }
    subprocess.run([str(python), *arguments], check=True, cwd=where, env=clean)


def readme_snippet() -> str:
    """Return the Python block of the README."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return "\n".join(re.findall(r"```python\n(.*?)```", readme, re.DOTALL))


def main() -> None:
    """Try the wheel in both environments."""
    with tempfile.TemporaryDirectory() as place:
        work = Path(place) / "a folder of a student"
        work.mkdir()
        wheel = build_wheel(Path(place))
        command = ("-m", "kube_research")
        python = bare_environment(Path(place) / "users", "requirements.lock", wheel)
        run(python, work, "-c", "import kube_research as kr; print(kr.load_site().info.name)")
        run(python, work, *command, "new", "my site")
        run(python, work, *command, "check", "my site")
        run(python, work, *command, "form", "my site")
        run(python, work, *command, "report", "my site", "--to", "report.docx")
        run(python, work, *command, "report", "my site", "--to", "report.html", "--lang", "id")
        run(python, work, "-c", readme_snippet())
        programme = "import kube_research as kr; print(kr.programme.open_programme().folder)"
        folder = subprocess.run(
            [str(python), "-c", programme], check=True, cwd=work, capture_output=True, text=True
        ).stdout.strip()
        run(python, work, *command, "summarise", folder, "--out", "summaries")
        run(python, work, *command, "reproduce")
        python = bare_environment(Path(place) / "lowest", "requirements-lowest.lock", wheel)
        run(python, work, "-c", readme_snippet())
        run(python, work, *command, "check", "my site")
        run(python, work, *command, "report", "my site", "--to", "lowest.docx")
    print("the wheel works without the checkout")


if __name__ == "__main__":
    main()
