"""Small disk: builds on a file system without room, each of which must end with one line and leave the last site.

    unshare -m python -m scripts.small_disk PROJECT MEGABYTES...

PROJECT has a site, and a change that asks for a new one. Its build/ is mounted over with one file system after
another, which has the site and so many megabytes free; in the end the last one gets room, and the build must succeed.
Exit code 0 where all of it held. Only for a mount namespace of its own (Linux), which ends with the process.
"""

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.finished import is_whole

STAGE = re.compile(r"^(\w+) +[\d.]+ s ", re.MULTILINE)
ENOUGH = 500
SAID = re.compile(r"[^\n]+; nothing was built\n")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="small_disk", description="Build where there is no room.")
    parser.add_argument("project", type=Path)
    parser.add_argument("megabytes", type=int, nargs="+")
    options = parser.parse_args(arguments)
    wrong = 0
    for free in options.megabytes:
        with _small(options.project, free) as build:
            wrong += _fails(options.project, free)
            if free == options.megabytes[-1]:
                _run("mount", "-o", f"remount,size={ENOUGH}m", str(build))
                wrong += _succeeds(options.project)
    return 1 if wrong else 0


@contextmanager
def _small(project: Path, free: int) -> Iterator[Path]:
    """A file system over build/ that has what is there and so many megabytes free."""
    build, kept = project / "build", project.with_name(f"{project.name}-kept")
    shutil.copytree(build, kept, symlinks=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={ENOUGH}m", "tmpfs", str(build))
    try:
        shutil.copytree(kept, build, symlinks=True, dirs_exist_ok=True)
        used = sum(path.lstat().st_blocks for path in {*build.rglob("*")}) // 2 + 4
        _run("mount", "-o", f"remount,size={used + 1024 * free}k", str(build))
        yield build
    finally:
        _run("umount", str(build))
        shutil.rmtree(kept)


def _fails(project: Path, free: int) -> int:
    """Build, which must be refused; says after which stage it was and how, and returns 1 where that was not right."""
    before = (project / "build/site").readlink()
    done = _build(project)
    stages = STAGE.findall(done.stdout)
    left = [path.name for path in project.glob("build/sites/.*")]
    right = (
        done.returncode == 1
        and SAID.fullmatch(done.stderr)
        and (project / "build/site").readlink() == before
        and is_whole(project / "build/site")
        and not left
    )
    print(f"{free} MB free, after {stages[-1] if stages else 'start'}: {done.stderr.strip()}", flush=True)
    if not right:
        print(f"WRONG: exit code {done.returncode}, left {left}", flush=True)
    return 0 if right else 1


def _succeeds(project: Path) -> int:
    """Build, which must succeed; returns 1 where it does not."""
    done = _build(project)
    print(f"with room: exit code {done.returncode}{done.stderr}", flush=True)
    return 0 if done.returncode == 0 and is_whole(project / "build/site") else 1


def _build(project: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scripts.build"]
    return subprocess.run(command, cwd=project, capture_output=True, encoding="utf-8", check=False)


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


if __name__ == "__main__":
    sys.exit(main())
