"""Release: give what the tables are now a version and a day, and write what is kept of it.

    python -m scripts.release VERSION --on DAY --summary WORDS [--again]     prepares the files of the release
    python -m scripts.release                                                writes build/releases/on-the-record-VERSION

The first is followed by a commit, from which the second builds twice in fresh folders. The version has to follow from
what changed since the last one, by the rule of docs/releases.md. `--again` prepares one in the place of the newest,
with the same number or another, which is possible until that has a tag. Exit code 0 when it is done, 1 when it is
refused, 2 for bad usage.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from scripts.build import ROOT
from scripts.changes import State, counted, read_state, rewritten, silent_changes, state_at, what_changed
from scripts.checkout import introduced, must_be_committed, versions_with_tag
from scripts.correct import must_be_sound, today
from scripts.kept import write_release
from scripts.ledger import ledger_sha256, next_version, rows_by_key
from scripts.package import Row, Rows
from scripts.problems import BadDataError, Problem, exit_code
from scripts.queries import DATABASE
from scripts.releases import NAMED_IN, releases_in_order, tables_sha256
from scripts.tidy import canonical
from scripts.together import changing, finish, write_together

KINDS = ("patch", "minor", "major")
FIRST = "1.0.0"
CHANGELOG, RELEASES = "CHANGELOG.md", "data/ledger/releases.csv"
# Their keys are made of the keys of others, which are promised themselves.
UNLISTED = ("published_keys", "redirects")


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="release", description="Prepare a version, or write what is kept of it.")
    parser.add_argument("version", nargs="?", metavar="VERSION", help="the version to prepare")
    parser.add_argument("--on", type=date.fromisoformat, metavar="DAY", help="the day of the release")
    parser.add_argument("--summary", help="the release in a sentence or two")
    parser.add_argument("--again", action="store_true", help="prepare it in the place of the newest version")
    options = parser.parse_args(arguments)
    if options.version and not (options.on and (options.summary or options.again)):
        parser.error("a version needs --on and --summary")
    work = _prepare_alone if options.version else _write
    return exit_code(lambda: work(root, options), root, "nothing was released")


def _write(root: Path, options: argparse.Namespace) -> None:
    place = write_release(root)
    print(f"{place.relative_to(root)}:", *(f"  {path.name}" for path in sorted(place.iterdir())), sep="\n")


def _prepare_alone(root: Path, options: argparse.Namespace) -> None:
    with changing(root):
        _prepare(root, options)


def _prepare(root: Path, options: argparse.Namespace) -> None:
    finish(root)
    must_be_committed(root)
    state = read_state(root)
    rows, version = state.rows, options.version
    newest = next(reversed(releases_in_order(rows["releases"])), None)
    summary = options.summary or (newest["summary"] if newest else "")
    made_anew = newest["id"] if newest and options.again else None
    if problems := list(_at_odds_with_git(root, rows, {version, made_anew})):
        raise BadDataError(problems)
    if made_anew:
        rows = without_release(rows, made_anew)
    last = next(reversed(releases_in_order(rows["releases"])), None)
    before = state_at(root, last) if last else None
    after = State(state.package, rows, rows_by_key(state.package, rows), state.named)
    changes = list(what_changed(before, after))
    problems = [*_misfits(version, options.on.isoformat(), last, rows, [kind for kind, _ in changes])]
    if before:
        problems += [*silent_changes(before, after), *rewritten(before, after)]
    if problems:
        raise BadDataError(problems)
    kind = _kind(version, last)
    release = {"id": version, "released_on": options.on.isoformat(), "kind": kind, "summary": summary}
    told = [words for _, words in changes if before and words]
    contents = files_of_release(root, after, release, told, made_anew)
    must_be_sound(root, contents)
    must_be_committed(root)
    write_together(root, contents)
    print(
        f"The files of {version} are written. Read {CHANGELOG}, and then:",
        f"  git commit -am 'Version {version}'",
        "  make release",
        f"  git tag -a v{version} -m 'Version {version}'",
        sep="\n",
    )


def _at_odds_with_git(root: Path, rows: Rows, versions: set[str | None]) -> Iterator[Problem]:
    """Those versions that have a tag; and those that git knows and the ledger does not: with a tag, or the first."""
    known, tagged = {row["id"] for row in rows["releases"]}, versions_with_tag(root)
    for version in tagged & versions:
        yield Problem("git", None, "tag", f"v{version} is there: a version with a tag is not made anew")
    for version in tagged - known:
        yield Problem(RELEASES, None, "id", f"{version} has a tag and is not among the releases")
    if not known and (commit := introduced(root, RELEASES, f"\n{FIRST},")):
        yield Problem(RELEASES, None, "id", f"{FIRST} stood here until commit {commit[:12]}")


def _misfits(version: str, day: str, last: Row | None, rows: Rows, kinds: list[str]) -> Iterator[Problem]:
    """Why the version or its day does not follow from what there is."""
    if not kinds:
        yield Problem(RELEASES, None, "id", "nothing has changed since the last version")
        return
    needed = max(kinds, key=KINDS.index)
    fitting = [next_version(last["id"], kind) for kind in KINDS[KINDS.index(needed) :]] if last else [FIRST]
    if version not in fitting:
        reason = f"{version} cannot follow {last['id'] if last else 'nothing'} with a {needed} change"
        yield Problem(RELEASES, None, "id", f"{reason}; {fitting[0]} can")
    pending = [row["corrected_on"] for row in rows["corrections"] if row["release_id"] is None]
    latest = max([*pending, *([last["released_on"]] if last else [])], default=day)
    if day < latest:
        reason = f"{day} is before {latest}, the day of the last version or correction"
        yield Problem(RELEASES, None, "released_on", reason)
    if day > today().isoformat():
        yield Problem(RELEASES, None, "released_on", f"{day} is still to come")


def _kind(version: str, last: Row | None) -> str:
    return next((kind for kind in KINDS if last and next_version(last["id"], kind) == version), "major")


def without_release(rows: Rows, version: str) -> Rows:
    """The tables as they were before a version's files were prepared."""
    again = dict(rows)
    again["releases"] = [row for row in rows["releases"] if row["id"] != version]
    again["published_keys"] = [row for row in rows["published_keys"] if row["release_id"] != version]
    for name in ("corrections", "redirects"):
        again[name] = [_marked(row, None) if row["release_id"] == version else row for row in rows[name]]
    return again


def _marked(row: Row, version: str | None) -> Row:
    return Row(row.number, {**row.values, "release_id": version})


def files_of_release(
    root: Path, state: State, release: dict[str, Any], words: list[str], instead_of: str | None = None
) -> dict[str, bytes]:
    """Every file that names the release, by path: the ledger's, the descriptions' and the changelog.

    `instead_of` is a version whose section in the changelog goes.
    """
    package, rows, version = state.package, dict(state.rows), release["id"]
    for name in ("corrections", "redirects"):
        rows[name] = [row if row["release_id"] else _marked(row, version) for row in rows[name]]
    rows["releases"] = [*rows["releases"], Row(0, release)]
    known = {(row["table_name"], row["row_key"]) for row in rows["published_keys"]}
    new = [
        {"table_name": name, "row_key": key, "release_id": version}
        for name, keyed in rows_by_key(package, rows).items()
        if name not in UNLISTED
        for key in keyed
        if (name, key) not in known
    ]
    rows["published_keys"] = [*rows["published_keys"], *(Row(0, cells) for cells in new)]
    names = ("corrections", "redirects", "published_keys")
    contents = {str(package.tables[name].path): canonical(package.tables[name], rows[name]) for name in names}
    release["tables_sha256"] = tables_sha256(package, contents)
    release["ledger_sha256"] = ledger_sha256(rows, version)
    contents[str(package.tables["releases"].path)] = canonical(package.tables["releases"], rows["releases"])
    return contents | _named_files(root, release, section(release, counted(rows, version), words), instead_of)


def section(release: Mapping[str, Any], counts: list[tuple[str, str, int]], words: list[str]) -> str:
    """What the changelog says of a version."""
    lines = [f"| {change} | {table} | {number} |" for change, table, number in counts]
    return "\n\n".join(
        [
            f"## {release['id']} ({release['released_on']})",
            release["summary"],
            *(["\n".join(f"- {told[0].upper()}{told[1:]}." for told in words)] if words else []),
            f"What changed, as `/{DATABASE}/changes_in_version?version={release['id']}` answers:",
            "\n".join(["| change | table | number |", "|---|---|---|", *lines]),
        ]
    )


def _named_files(root: Path, release: Mapping[str, Any], told: str, instead_of: str | None) -> dict[str, bytes]:
    """The files beside the tables that name the version, with the new one in the place of the last."""
    texts = {path: (root / path).read_text(encoding="utf-8") for path in NAMED_IN}
    version, day = release["id"], release["released_on"]
    said = date.fromisoformat(day)
    for path, old, new in (
        ("datapackage.yaml", r"^version: .*$", f"version: {version}"),
        ("pyproject.toml", r"^version = .*$", f'version = "{version}"'),
        ("README.md", r"(On the Record, version )\S+ of [^,]*", rf"\g<1>{version} of {said.day} {said:%B} {said.year}"),
        ("CITATION.cff", r"^version: .*(\ndate-released: .*)?$", f"version: {version}\ndate-released: {day}"),
    ):
        texts[path] = re.sub(old, new, texts[path], count=1, flags=re.MULTILINE)
    head, *sections = re.split(r"^(?=## )", texts[CHANGELOG], flags=re.MULTILINE)
    kept = [text.rstrip() + "\n\n" for text in sections if not text.startswith((f"## {version} ", f"## {instead_of} "))]
    texts[CHANGELOG] = f"{head}{told}\n\n{''.join(kept)}".rstrip() + "\n"
    return {path: text.encode() for path, text in texts.items()}


if __name__ == "__main__":
    sys.exit(main())
