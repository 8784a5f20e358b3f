"""JupyterLab in a real browser: 'Run All' on notebook 02 ends without an error and shows its figures."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
DRIVER = shutil.which("chromedriver")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not (BROWSER and DRIVER),
        reason="no browser: install chromium and chromedriver to run this test",
    ),
    pytest.mark.filterwarnings("default"),
]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[str]:
    """A JupyterLab server on a copy of the notebooks, so that a saved run changes nothing here."""
    folder = tmp_path / "notebooks"
    shutil.copytree(ROOT / "notebooks", folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {
        "HOME": str(tmp_path),
        "KUBE_FIGURES": str(tmp_path / "figures"),
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "workspaces"),
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1"]
    command += [f"--ServerApp.port={port}", "--IdentityProvider.token=", "--ServerApp.password="]
    command += [f"--ServerApp.root_dir={folder}", "--allow-root", "--ServerApp.port_retries=0"]
    command += [
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    with (tmp_path / "lab.log").open("wb") as log:
        server = subprocess.Popen(
            command, env={**os.environ, **settings}, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(120):
                try:
                    with urllib.request.urlopen(f"{address}/api/status", timeout=2):
                        break
                except OSError:
                    time.sleep(0.5)
            else:
                pytest.fail((tmp_path / "lab.log").read_text(encoding="utf-8")[-2000:])
            yield address
        finally:
            server.terminate()
            server.wait(20)


def click(browser: Any, wait: Any, kind: str, label: str) -> None:
    path = f"//div[contains(@class, '{kind}') and text()='{label}']"
    wait.until(lambda page: page.find_elements("xpath", path))
    browser.find_element("xpath", path).click()


def test_run_all_on_notebook_02(lab: str, tmp_path: Path) -> None:
    from selenium import webdriver
    from selenium.common.exceptions import TimeoutException
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import WebDriverWait

    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    for flag in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1400,12000",
        f"--user-data-dir={tmp_path / 'profile'}",
    ):
        options.add_argument(flag)
    service = webdriver.ChromeService(executable_path=DRIVER)
    browser = webdriver.Chrome(options=options, service=service)
    try:
        name = next((ROOT / "notebooks").glob("02_*.ipynb")).name
        browser.get(f"{lab}/lab/tree/{name}?reset")
        wait = WebDriverWait(browser, 90)
        wait.until(lambda page: page.find_elements(By.CSS_SELECTOR, ".jp-Notebook .jp-CodeCell"))
        idle = (By.CSS_SELECTOR, ".jp-Notebook-ExecutionIndicator[data-status='idle']")
        wait.until(lambda page: page.find_elements(*idle))
        figures = tmp_path / "figures"

        def finished(page: webdriver.Chrome) -> bool:
            counts = page.execute_script(
                "return [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')]"
                ".map(prompt => prompt.textContent.trim())"
            )
            ran = all(words.strip("[]: ").isdigit() for words in counts)
            return bool(counts) and ran and (figures / "figure_2.id.png").exists()

        # A kernel that has only just started may drop its first connection: wait, and ask again.
        time.sleep(5)
        for attempt in range(4):
            ActionChains(browser).send_keys(Keys.ESCAPE).perform()
            click(browser, wait, "lm-MenuBar-itemLabel", "Run")
            click(browser, wait, "lm-Menu-itemLabel", "Run All Cells")
            try:
                WebDriverWait(browser, 45).until(finished)
                break
            except TimeoutException:
                if attempt == 3:
                    raise
        assert not browser.find_elements(
            By.CSS_SELECTOR, "[data-mime-type*='stderr'], .jp-mod-error"
        )
        pictures = browser.execute_script(
            "return [...document.querySelectorAll('.jp-OutputArea img')]"
            ".map(image => image.naturalWidth)"
        )
        assert len(pictures) >= 2
        assert min(pictures) > 500
        made = {path.name for path in figures.iterdir()}
        assert {"peka_profile.en.svg", "figure_2.id.png"} <= made
        browser.save_screenshot(str(tmp_path / "lab.png"))
    finally:
        browser.quit()
