"""Everything that is installed is of one version: Python's packages by hash, npm's by number."""

import re
from pathlib import Path

import pytest

from scripts.build import ROOT

PLACES = [ROOT / "Makefile", ROOT / "Containerfile", *sorted((ROOT / ".ci").iterdir())]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "scripts").rglob("*.py"))]
INSTALLS = re.compile(r"\b(pip|uv|pipx|npm|npx|conda|easy_install)\b[^\n&|;]*\b(install|pack|add|download)\b[^\n&|;]*")
EXACT = re.compile(r"@\d+\.\d+\.\d+\b")


def unpinned(text: str) -> list[str]:
    """The commands that install something without a hash, or from npm without a version."""
    commands = [match[0] for match in INSTALLS.finditer(text.replace("\\\n", " "))]
    return [command for command in commands if "--require-hashes" not in command and not EXACT.search(command)]


@pytest.mark.parametrize("place", [*PLACES, *DOCUMENTS], ids=lambda place: place.relative_to(ROOT).as_posix())
def test_nothing_is_installed_without_a_hash_or_a_version(place: Path):
    assert unpinned(place.read_text(encoding="utf-8")) == []


def test_the_search_finds_what_has_neither():
    assert unpinned("x/pip install --quiet uv==1.2.3\n") == ["pip install --quiet uv==1.2.3"]
    assert (
        unpinned("uv pip install \\\n  -r list.txt") and unpinned("npm install left-pad") and unpinned("pipx install a")
    )
    assert unpinned("pip install --require-hashes -r a.lock && npm pack world-atlas@2.0.2") == []


def test_the_makefile_and_the_image_install_something():
    assert all(INSTALLS.search(place.read_text(encoding="utf-8")) for place in PLACES[:2])


@pytest.mark.parametrize("lock", sorted(ROOT.glob("requirements*.lock")), ids=lambda lock: lock.name)
def test_every_package_of_a_lock_has_one_version_and_hashes(lock: Path):
    packages = re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8").replace("\\\n", " "))
    packages = [package for package in packages if package.strip() and not package.startswith("#")]
    assert packages
    for package in packages:
        assert re.match(r"[\w.\[\],-]+==\S+", package) and "--hash=sha256:" in package, package[:80]
