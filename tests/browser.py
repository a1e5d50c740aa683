"""A browser for the tests of web pages: Playwright drives Debian's Chromium. Without them such a test is skipped."""

import contextlib
import shutil

import pytest


@contextlib.contextmanager
def chromium():
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright, to drive a browser")
    if (executable := shutil.which("chromium")) is None:
        pytest.skip("needs chromium")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        try:
            yield opened
        finally:
            opened.close()


def complaints(page):
    """Reports of the page's scripts and of the browser's console from now on: a list that grows."""
    found = []
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    return found
