"""A small record: the project with three roll calls and two articles, cut from its tables by following the descriptor.

Whatever a kept row refers to is kept, by a foreign key or by a parameter of a check; so is what is about a chosen row,
or names its key. A table that is new to the descriptor is cut like the others.
"""

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from conftest import copy_project

from scripts.build import ROOT
from scripts.ledger import ledger_sha256
from scripts.package import Package, Row, Rows
from scripts.queries import Query, read_metadata, read_queries
from scripts.read import read_whole

# Rows of the ledger name the sources and the difference.
CHOSEN = {
    "roll_calls": ("A-RES-ES-11-7", "S-RES-2774-2025", "S-PV-9866-vote-4"),
    "articles": ("rfe-rl-2025-02", "new-york-parrot-2025-02"),
    "roll_call_sources": ("A-RES-ES-11-7,ukrinform-3963958", "S-RES-2774-2025,undl-4077111"),
    "source_differences": ("A-RES-ES-11-7,k8r-21226,1",),
}
# Of these all that is about a kept row is kept, of other tables a few rows.
WHOLES = ("votes", "checks", "coding_checks", "members")
FEW = 8
# These are about no roll call or article, and come along where a kept row refers to them.
BROUGHT_ALONG = ("sources", "outlets", "blocs", "resolutions", "roll_calls", "articles", "council_terms")


def cut_record(root: Path) -> Path:
    """The small record in a folder, ready to be built."""
    copy_project(root)
    package, rows = read_whole(ROOT)
    kept = Cut(package, rows).kept
    for table in package.tables.values():
        lines = (ROOT / table.path).read_bytes().split(b"\n")
        numbers = sorted(row.number for row in kept[table.name].values())
        (root / table.path).write_bytes(b"".join(lines[number - 1] + b"\n" for number in [1, *numbers]))
    seal(root / package.tables["releases"].path, {name: list(keyed.values()) for name, keyed in kept.items()})
    shutil.rmtree(root / "build", ignore_errors=True)
    return root


def seal(releases: Path, rows: Rows) -> None:
    """Give each version the fingerprint of the ledger as it was cut."""
    text = releases.read_text(encoding="utf-8")
    for row in rows["releases"]:
        text = text.replace(row["ledger_sha256"], ledger_sha256(rows, row["id"]))
    releases.write_text(text, encoding="utf-8")


class Cut:
    """The rows of the small record, `kept` by table and key."""

    def __init__(self, package: Package, rows: Rows) -> None:
        self.package = package
        self.queries: dict[str, Query] = read_queries(read_metadata(package.root))
        self.rows = {name: {self.key(name, row): row for row in rows[name]} for name in package.tables}
        self.kept: dict[str, dict[str, Row]] = {name: {} for name in package.tables}
        self.checks: dict[str, list[Row]] = {}
        for table in ("checks", "coding_checks"):
            for row in rows[table]:
                self.checks.setdefault(row["claim_id"], []).append(row)
        for name, keys in CHOSEN.items():
            for key in keys:
                self.keep(name, self.rows[name][key])
        for row in rows["members"]:
            self.keep("members", row)
        days = {row["voted_on"] for row in self.kept["roll_calls"].values()}
        for row in rows["council_terms"]:
            if any(row["valid_from"] <= day <= (row["valid_until"] or day) for day in days):
                self.keep("council_terms", row)
        for name in package.tables:
            if name not in BROUGHT_ALONG:
                self.keep_what_is_about_kept(name)

    def key(self, name: str, row: Row) -> str:
        """A row's key as its address has it."""
        return ",".join(str(row[column]) for column in self.package.tables[name].primary_key)

    def keep(self, name: str, row: Row) -> None:
        """Keep a row, and all that it refers to."""
        key = self.key(name, row)
        if key not in self.kept[name]:
            self.kept[name][key] = row
            for other, wanted in self.references(name, row):
                self.keep(other, self.rows[other][wanted])

    def references(self, name: str, row: Row) -> Iterable[tuple[str, str]]:
        """The tables and keys that a row leads to."""
        for foreign in self.package.tables[name].foreign_keys:
            values = [row[column] for column in foreign.fields]
            if None not in values:
                yield foreign.table, ",".join(map(str, values))
        if "params" in row.values:
            parameters = self.queries[row["query_name"]].parameters
            for parameter, value in json.loads(row["params"]).items():
                table = parameters[parameter].get("table")
                if table in self.package.tables and not value.startswith(("m49-", "group-")):
                    yield table, value

    def keep_what_is_about_kept(self, name: str) -> None:
        """Keep rows that are about kept rows: all, or a few, those first that bring the least along."""
        found = [row for row in self.rows[name].values() if self.is_about_kept(name, row)]
        if name not in WHOLES:
            found.sort(key=lambda row: sum(key not in self.kept[other] for other, key in self.references(name, row)))
            found = [row for row in found if name != "claims" or row["id"] in self.checks][:FEW] + [
                row for row in found if name == "claims" and row["id"] not in self.checks
            ][:FEW]
        for row in found:
            self.keep(name, row)

    def is_about_kept(self, name: str, row: Row) -> bool:
        """Whether all that a row is about is kept; sources, outlets and blocs are not what a row is about."""
        if "table_name" in row.values:
            keys = [value for column, value in row.values.items() if column.endswith("key")]
            return any(key in self.kept.get(row["table_name"], {}) for key in keys)
        led = [*self.references(name, row)]
        if name == "claims":
            led += [pair for check in self.checks.get(row["id"], []) for pair in self.references("checks", check)]
            led = [(other, key) for other, key in led if other not in ("claims", "codings")]
        aside = ("sources", "outlets", "blocs", *(() if name != "claims" else ("members",)))
        return all(key in self.kept[other] for other, key in led if other not in aside)
