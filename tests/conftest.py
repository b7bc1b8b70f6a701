"""What the tests share: a copy of the project to break, the site built once, and the folder of article texts."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.build import ROOT, main

INPUTS = ("datapackage.yaml", "metadata.yml", "requirements.lock", "data", "schema", "scripts", "seeds", "site")


def copy_project(target: Path) -> Path:
    """The inputs of a build, in another folder."""
    target.mkdir(parents=True, exist_ok=True)
    for name in INPUTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target / name)
    return target


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project that a test may break."""
    return copy_project(tmp_path / "project")


@pytest.fixture(scope="session")
def built_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with its site built; tests only read it."""
    root = copy_project(tmp_path_factory.mktemp("built") / "project")
    assert main(["-q"], root=root) == 0
    return root


@pytest.fixture(scope="session")
def site(built_project: Path) -> Path:
    """The folder that Datasette serves."""
    return (built_project / "build/site").resolve()


@pytest.fixture(scope="session")
def database(site: Path) -> Path:
    """The finished record.db."""
    return site / "record.db"


@pytest.fixture
def build(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Build a project; returns the exit code and what was said on standard error."""

    def run(root: Path, *arguments: str) -> tuple[int, str]:
        code = main(["-q", *arguments], root=root)
        return code, capsys.readouterr().err

    return run


@pytest.fixture(scope="session")
def article_texts() -> Path:
    """The folder of article texts, where it is at hand."""
    folder = Path(os.environ.get("ARTICLE_TEXTS", ROOT.parent / "shared/seeds"))
    if not folder.is_dir():
        pytest.skip(f"the article texts are not at hand ({folder}), so no locator was verified")
    return folder
