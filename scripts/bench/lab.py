"""Where things are measured: a copy of the project, so that no archive or site of yours is touched."""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from scripts.bench.library_files import Files, library_files, whole_files
from scripts.bench.timing import Run, run_command
from scripts.build import INPUTS, ROOT
from scripts.finished import NOTED, inspected
from scripts.publish import write_json

STAGE = re.compile(r"^(\w+)\s+([\d.]+) s  ", re.MULTILINE)


@dataclass
class Lab:
    """The folder, the whole files in it, and what was made of shares of them so far.

    A share is a part of the whole files' roll calls, 1 for all, or a number of times as many. When `quick`, each thing
    is run once.
    """

    folder: Path
    files: Files
    quick: bool = False
    _shares: dict[float, Files] = field(default_factory=dict)
    _builds: dict[float, list[Run]] = field(default_factory=dict)
    _sites: dict[float, Path] = field(default_factory=dict)

    @property
    def project(self) -> Path:
        """The copy of the project."""
        return self.folder / "project"

    def runs(self, count: int) -> int:
        """How often something that is to run so many times is run."""
        return 1 if self.quick else count

    def share(self, share: float) -> Files:
        """The files of a share."""
        if share not in self._shares:
            made = library_files(self.folder / f"share-{share:g}", self.files, share) if share != 1 else self.files
            self._shares[share] = made
        return self._shares[share]

    def build(self, share: float) -> Run:
        """Build the archive from a share's files as a user does, in a fresh process, with nothing built before."""
        assembly, council = self.share(share).paths
        shutil.rmtree(self.project / "build", ignore_errors=True)
        command: list[str | Path] = [sys.executable, "-m", "scripts.archive", "--ga", assembly, "--sc", council]
        run = run_command(command, self.project)
        self._builds.setdefault(share, []).append(run)
        kept = self._archive(share)
        shutil.rmtree(kept, ignore_errors=True)
        (self.project / "build/archive").resolve().replace(kept)
        return run

    def built(self, share: float, runs: int = 1) -> Run:
        """The quickest build of a share, of at least so many."""
        while len(self._builds.get(share, [])) < runs:
            self.build(share)
        return min(self._builds[share], key=lambda run: run.seconds)

    def database(self, share: float) -> Path:
        """The archive.db of a share."""
        self.built(share)
        return self._archive(share) / "archive.db"

    def site(self, share: float) -> Path:
        """The whole site, with the archive of a share beside the record."""
        if share not in self._sites:
            database = self.database(share)
            site = self.folder / f"site-{share:g}"
            shutil.copytree(self._record_site(), site)
            os.link(database, site / database.name)
            write_json(site / NOTED, {**inspected(site), **inspected(database.parent)})
            self._sites[share] = site
        return self._sites[share]

    def _archive(self, share: float) -> Path:
        return self.folder / f"archive-{share:g}"

    def _record_site(self) -> Path:
        """The site as the project builds it, less its archive.db: built once, with the whole archive for its dress."""
        site = self.folder / "site"
        if not site.exists():
            archive = self.database(1).parent
            (self.project / "build").mkdir(exist_ok=True)
            (self.project / "build/archive").unlink(missing_ok=True)
            (self.project / "build/archive").symlink_to(archive)
            run_command([sys.executable, "-m", "scripts.build", "-q"], self.project)
            (self.project / "build/site").resolve().replace(site)
            (site / "archive.db").unlink()
        return site


@contextmanager
def laboratory(bulk: Path, *, quick: bool) -> Iterator[Lab]:
    """A lab with the whole files, or a hundredth of them when `quick`, gone again afterwards."""
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=ROOT / "build") as name:
        lab = Lab(Path(name), whole_files(Path(name) / "files", bulk, 0.01 if quick else 1), quick)
        copy_inputs(lab.project)
        yield lab


def copy_inputs(target: Path) -> None:
    """What a build reads, and no more, in another folder."""
    for path in {path for pattern in INPUTS for path in ROOT.glob(pattern) if path.is_file()}:
        if "__pycache__" not in path.parts:
            copy = target / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy)


def stages(run: Run) -> dict[str, float]:
    """The seconds of each stage that a build printed, and those outside of any."""
    found = {name: float(seconds) for name, seconds in STAGE.findall(run.printed)}
    return {**found, "start and publishing": run.seconds - sum(found.values())}
