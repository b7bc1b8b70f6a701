"""Changes: what two versions of the dataset have otherwise, and which part of the version's number that raises."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.checkout import extract, has_tag, introduced
from scripts.correct import LEDGER
from scripts.ledger import Keyed, keys_of_same_row, moved_keys, rows_by_key
from scripts.package import Package, Row, Rows
from scripts.problems import BadDataError, Problem
from scripts.queries import read_metadata, read_queries
from scripts.read import read_whole
from scripts.releases import tables_sha256

ADDED, CORRECTED, MOVED, WITHDRAWN = "rows added", "values corrected", "keys moved", "rows withdrawn"


@dataclass(frozen=True)
class State:
    """What a checkout publishes: its tables, and for each thing that an address or a program may name, what it is."""

    package: Package
    rows: Rows
    keyed: Keyed
    named: dict[str, str]


def read_state(root: Path) -> State:
    """What a checkout publishes now."""
    package, rows = read_whole(root)
    tables = {**package.tables, **package.derived, **package.wide, **package.views}
    columns = {
        f"the column {table.name}.{field.name}": field.type for table in tables.values() for field in table.fields
    }
    named = {f"the table {name}": "a table" for name in tables} | columns
    for query in read_queries(read_metadata(root)).values():
        named[f"the query {query.name}"] = "a query"
        named |= {f"the parameter {name} of the query {query.name}": "a parameter" for name in query.parameters}
    return State(package, rows, rows_by_key(package, rows), named)


def state_at(root: Path, release: Row) -> State:
    """What the checkout published in a release: at its tag, or where its row was written.

    BadDataError where that commit has other tables than the release, or none is found.
    """
    tag = f"v{release['id']}"
    commit = tag if has_tag(root, tag) else introduced(root, "data/ledger/releases.csv", release["ledger_sha256"])
    if not commit:
        reason = f"has no commit with version {release['id']}: fetch the whole history and the tags"
        raise BadDataError([Problem("git", None, "log", reason)])
    with tempfile.TemporaryDirectory() as folder:
        extract(root, commit, Path(folder))
        state = read_state(Path(folder))
        if tables_sha256(state.package) != release["tables_sha256"]:
            reason = f"has other tables than version {release['id']}: a tag in the wrong place, or a history cut short"
            raise BadDataError([Problem("git", None, commit[:12], reason)])
        return state


def what_changed(before: State | None, after: State) -> Iterator[tuple[str, str]]:
    """Each change's kind, and its words where it is not one of rows, which the ledger counts."""
    if before is None:
        yield "major", ""
        return
    for name, was in before.named.items():
        if after.named.get(name, was) != was:
            yield "major", f"{name} was {was} and is {after.named[name]}"
        elif name not in after.named:
            yield "major", f"{name} is gone"
    yield from (("minor", f"{name} is new") for name in after.named if name not in before.named)
    for name, keyed in after.keyed.items():
        # What the ledger says of a change is no change of its own.
        if name in LEDGER:
            continue
        was_keyed = before.keyed.get(name, {})
        if was_keyed.keys() - keyed.keys():
            yield "major", ""
        if keyed.keys() - was_keyed.keys():
            yield "minor", ""
        if any(was_keyed[key].values != keyed[key].values for key in was_keyed.keys() & keyed.keys()):
            yield "patch", ""


def silent_changes(before: State, after: State) -> Iterator[Problem]:
    """Cells of published rows that changed and that no correction of this release tells of, or not what they were."""
    moved, same = moved_keys(after.rows), keys_of_same_row(after.rows)
    corrections = str(after.package.tables["corrections"].path)
    told: dict[tuple[str, str | None, str], Row] = {}
    for entry in sorted(after.rows["corrections"], key=lambda row: row["id"]):
        if entry["release_id"] is None:
            name, key = entry["table_name"], entry["row_key"]
            # The first says what stood there; the ledger's law has each further one go on from it.
            told.setdefault((name, same.get((name, key), key), entry["column_name"]), entry)
    for name, was_keyed in before.keyed.items():
        table = after.package.tables.get(name)
        if table is None or name in LEDGER:
            continue
        leads_to = {key.fields[0]: key.table for key in table.foreign_keys if len(key.fields) == 1}
        for old_key, was in was_keyed.items():
            key = same.get((name, old_key), old_key)
            row = after.keyed[name].get(key or "")
            if row is None:
                # Of two rows that were one, the other stays, and is held against itself.
                if key is not None and (name, key) not in moved:
                    reason = f"{old_key} is gone since the last version, and redirects says nothing of it"
                    yield Problem(str(table.path), None, None, reason)
                continue
            for column in was.values.keys() & row.values.keys() - set(table.primary_key):
                followed = moved.get((leads_to.get(column, ""), str(was[column])), was[column])
                stood = "" if was[column] is None else str(was[column])
                correction = told.get((name, key, column))
                if correction is None and row[column] not in (was[column], followed):
                    reason = f'was "{stood}" in the last version, and corrections says nothing of it'
                    yield Problem(str(table.path), row.number, column, reason)
                elif correction and (correction["old_value"] or "") not in (stood, followed):
                    reason = f'is not what {name} {key} had in {column} in the last version, which is "{stood}"'
                    yield Problem(corrections, correction.number, "old_value", reason)


def rewritten(before: State, after: State) -> Iterator[Problem]:
    """What a version said in the ledger and that is gone, or is otherwise than by a key that moved since."""
    moved = moved_keys(after.rows)
    for name in LEDGER:
        path = str(after.package.tables[name].path)
        for key, was in before.keyed[name].items():
            row = after.keyed[name].get(key)
            if row is None:
                yield Problem(path, None, None, f"{key} was in the last version and is gone")
                continue
            for column in sorted(was.values.keys() & row.values.keys()):
                followed = moved.get(("sources", was[column])) if column == "source_id" else None
                if row[column] not in (was[column], followed or was[column]):
                    yield Problem(path, row.number, column, f'was "{was[column] or ""}" in the last version')


def counted(rows: Rows, version: str) -> list[tuple[str, str, int]]:
    """What a version changed, as the query `changes_in_version` has it: the change, the table, and how many."""
    counts: Counter[tuple[str, str]] = Counter()
    for name, change in (("published_keys", ADDED), ("corrections", CORRECTED), ("redirects", MOVED)):
        for row in rows[name]:
            if row["release_id"] == version:
                gone = name == "redirects" and row["new_key"] is None
                counts[WITHDRAWN if gone else change, row["table_name"]] += 1
    return [(change, table, number) for (change, table), number in sorted(counts.items())]
