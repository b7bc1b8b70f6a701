"""Screenshots of each type of page for the README, wide and narrow: docs/screenshots/<type>-<width>.jpg."""

import sys

from playwright.sync_api import Browser, sync_playwright

from scripts.build import ROOT
from scripts.page_types import PAGE_TYPES
from scripts.serving import served

FOLDER = ROOT / "docs/screenshots"
# A window for the wide, a phone for the narrow; a phone's picture is made no sharper than the README shows it.
WINDOWS = {1280: 900, 360: 780}
CHROMIUM = "/usr/bin/chromium"
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


def main() -> int:
    """Serve the last build and take every picture anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.jpg"):
        old.unlink()
    with served([str((ROOT / "build/site").resolve()), "--crossdb"]) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        for width, height in WINDOWS.items():
            _take(browser, url, width, height)
        browser.close()
    return 0


def _take(browser: Browser, url: str, width: int, height: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": height})
    for name, address in PAGE_TYPES.items():
        page.goto(url + address)
        page.screenshot(path=FOLDER / f"{name}-{width}.jpg", type="jpeg", quality=50)


if __name__ == "__main__":
    sys.exit(main())
