"""The checkout as git has it: what is committed, at which commit, and whether that is all there is."""

import io
import os
import subprocess
import tarfile
from pathlib import Path

from scripts.problems import BadDataError, Problem


def git(root: Path, *arguments: str) -> bytes:
    """What git says; BadDataError with its own words where it fails."""
    environment = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(["git", *arguments], cwd=root, env=environment, capture_output=True, check=False)
    if done.returncode:
        raise BadDataError([Problem("git", None, arguments[0], done.stderr.decode(errors="replace").strip())])
    return done.stdout


def has_tag(root: Path, tag: str) -> bool:
    """Whether there is such a tag."""
    return bool(git(root, "tag", "--list", tag).strip())


def versions_with_tag(root: Path) -> set[str]:
    """The versions that have a tag, such as 1.0.0 of v1.0.0."""
    return {tag[1:] for tag in git(root, "tag", "--list", "v[0-9]*.[0-9]*.[0-9]*").decode().split()}


def is_tagged_elsewhere(root: Path, tag: str) -> bool:
    """Whether there is such a tag, and on another commit than the present one."""
    return has_tag(root, tag) and git(root, "rev-list", "-1", tag) != git(root, "rev-list", "-1", "HEAD")


def introduced(root: Path, path: str, text: str) -> str:
    """The commit that brought a text into a file."""
    return git(root, "log", "-1", "--format=%H", f"-S{text}", "--", path).decode().strip()


def tree(root: Path, commit: str) -> tarfile.TarFile:
    """Every file of a commit."""
    return tarfile.open(fileobj=io.BytesIO(git(root, "archive", "--format=tar", commit)))


def extract(root: Path, commit: str, folder: Path) -> None:
    """Put every file of a commit into a folder."""
    with tree(root, commit) as files:
        files.extractall(folder, filter="data")


def must_be_committed(root: Path) -> None:
    """BadDataError with every file that is not as the last commit has it."""
    if changed := git(root, "status", "--porcelain").decode().splitlines():
        raise BadDataError(Problem(line[3:], None, None, "is not committed") for line in changed)
