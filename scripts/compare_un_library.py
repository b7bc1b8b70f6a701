"""Compare the record with the voting data of the UN Digital Library, as a user downloads it.

    python -m scripts.compare_un_library FILE

FILE is the Library's CSV of General Assembly or of Security Council votes (.csv or .csv.gz): one row a member a roll
call, adopted texts only. Columns are found by name. Exit code 0 when all that can be compared agrees or is explained
in source_differences, 1 when something differs and is not, 2 when the file or the tables cannot be read or have no text
in common.
"""

import argparse
import csv
import gzip
import re
import sys
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from scripts.build import ROOT
from scripts.laws import VOTE_COLUMNS, key_of_symbol, names_of
from scripts.package import Rows
from scripts.problems import BadDataError, Problem
from scripts.read import read_whole

VOTES = {"Y": "yes", "N": "no", "A": "abstain", "X": "not_voting", "NV": "not_voting", "": "not_voting"}
TOTALS = {
    "total_yes": "official_yes",
    "total_no": "official_no",
    "total_abstentions": "official_abstain",
    "total_non_voting": "official_not_voting",
}
NEEDED = ("ms_code", "ms_name", "ms_vote", "date", "resolution", "title or description")
ON_UKRAINE = re.compile(r"ukrain|crimea", re.IGNORECASE)
FIRST_DAY = "2014-01-01"


@dataclass
class LibraryRollCall:
    """A roll call as the Library has it: the printed totals, and the votes by member, each with its line."""

    resolution: str
    voted_on: str
    title: str
    totals: dict[str, int | None]
    votes: dict[str, tuple[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """One thing that the Library has otherwise; `member_id` is empty where it is not about a member."""

    roll_call_id: str
    member_id: str
    column: str
    here: str
    there: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What a row of source_differences must say to explain it."""
        return self.roll_call_id, self.member_id, self.column, self.there

    def __str__(self) -> str:
        who = f"{self.member_id} " if self.member_id else ""
        return f"{who}{self.column}: here {self.here}, there {self.there}"


@dataclass(frozen=True)
class Comparison:
    """What came of comparing one roll call: votes that agree, what differs, and members known to one side only."""

    roll_call_id: str
    agreeing: int
    differences: list[Difference]
    only_there: list[str]
    only_here: list[str]


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="compare_un_library", description="Compare with the UN Digital Library.")
    parser.add_argument("file", type=Path, metavar="FILE", help="the Library's CSV of votes, .csv or .csv.gz")
    options = parser.parse_args(arguments)
    try:
        _, rows = read_whole(root)
        library, others = read_library(options.file, rows)
    except BadDataError as error:
        print(error, file=sys.stderr)
        return 2
    comparisons = [compare(rows, key, library[key]) for key in sorted(library)]
    explained = explanations(rows)
    for comparison in comparisons:
        print(*_report(comparison, explained), sep="\n")
    print(*_summary(rows, comparisons, others, explained), sep="\n")
    if not comparisons:
        return 2
    return int(any(unexplained(comparison, explained) for comparison in comparisons))


def read_library(path: Path, rows: Rows) -> tuple[dict[str, LibraryRollCall], list[LibraryRollCall]]:
    """The Library's roll calls on texts of the record, by key, and others since 2014 that name Ukraine.

    BadDataError, with line and column, for a file that is not the Library's, a value that is not known, or a member
    that has two votes.
    """
    texts = {row["resolution_id"]: row["id"] for row in rows["roll_calls"] if row["kind"] == "whole_text"}
    unnumbered = _unnumbered(rows)
    names = _names(rows)
    ours: dict[str, LibraryRollCall] = {}
    others: dict[str, LibraryRollCall] = {}
    problems: list[Problem] = []
    key_of = cache(key_of_symbol)
    for line, cells in _lines(path):
        key = key_of(cells["resolution"].upper())
        if key not in texts and cells["date"] < FIRST_DAY:
            continue
        title = cells.get("title") or cells.get("description") or ""
        if key not in texts and cells["date"] in unnumbered:
            key = next((text for start, text in unnumbered[cells["date"]] if title.casefold().startswith(start)), key)
        if key in texts:
            try:
                _take(ours, texts[key], cells, title, names, line)
            except ValueError as error:
                column, reason = error.args
                problems.append(Problem(path.name, line, column, reason))
        elif ON_UKRAINE.search(title + cells.get("agenda_title", "") + cells.get("agenda", "")):
            others.setdefault(key, LibraryRollCall(cells["resolution"], cells["date"], title, {}))
    if problems:
        raise BadDataError(problems)
    return ours, list(others.values())


def _unnumbered(rows: Rows) -> dict[str, list[tuple[str, str]]]:
    """By day, the adopted texts whose symbol the record does not know: how the title begins, and the key."""
    texts: dict[str, list[tuple[str, str]]] = {}
    for row in rows["resolutions"]:
        if row["kind"] == "resolution" and row["adopted_on"] and not row["symbol"]:
            texts.setdefault(row["adopted_on"], []).append((row["title"].casefold(), row["id"]))
    return texts


def _lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row by column, with its line; names of columns in any case and order."""
    try:
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip().lower() for name in next(reader, [])]
            if missing := [name for name in NEEDED if not set(name.split(" or ")) & set(header)]:
                raise BadDataError([Problem(path.name, 1, None, f"has no column {', '.join(missing)}")])
            for cells in reader:
                if len(cells) != len(header):
                    wrong = f"has {len(cells)} cells where the header has {len(header)}"
                    raise BadDataError([Problem(path.name, reader.line_num, None, wrong)])
                yield reader.line_num, {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BadDataError([Problem(path.name, None, None, f"cannot be read: {reason}")]) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadDataError([Problem(path.name, None, None, f"is not CSV in UTF-8: {error}")]) from error


def _names(rows: Rows) -> dict[str, str]:
    """Member by code, present name, former name and alias, as `_folded` has them."""
    names = {_folded(row["name"]): row["member_id"] for row in rows["member_names"]}
    for row in rows["members"]:
        for name in {row["id"], *names_of(row)}:
            names[_folded(name)] = row["id"]
    return names


def _folded(name: str) -> str:
    """A name without letter case and with a plain apostrophe, so that the Library's capitals meet ours."""
    return name.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")


def _take(
    ours: dict[str, LibraryRollCall], key: str, cells: dict[str, str], title: str, names: dict[str, str], line: int
) -> None:
    """Add a row to its roll call; ValueError with the column and the reason."""
    vote = VOTES.get(cells["ms_vote"].upper())
    if vote is None:
        raise ValueError("ms_vote", f'"{cells["ms_vote"]}" is not a vote: {", ".join(filter(None, VOTES))} or nothing')
    member = names.get(_folded(cells["ms_code"])) or names.get(_folded(cells["ms_name"]))
    if member is None:
        raise ValueError("ms_code", f'neither "{cells["ms_code"]}" nor "{cells["ms_name"]}" is a member')
    totals = {column: _total(name, cells.get(name, "")) for name, column in TOTALS.items()}
    roll_call = ours.setdefault(key, LibraryRollCall(cells["resolution"], cells["date"], title, totals))
    if roll_call.totals != totals or roll_call.voted_on != cells["date"]:
        raise ValueError("date", f"has another date or other totals than the rows before it on {cells['resolution']}")
    if member in roll_call.votes:
        raise ValueError(
            "ms_code", f"{member} has a vote on {cells['resolution']} already, in row {roll_call.votes[member][1]}"
        )
    roll_call.votes[member] = vote, line


def _total(column: str, text: str) -> int | None:
    """A total, which some downloads print as 93.0; None where the cell is empty."""
    if not text:
        return None
    if not re.fullmatch(r"[0-9]+(\.0+)?", text):
        raise ValueError(column, f'"{text}" is not a whole number')
    return int(text.partition(".")[0])


def compare(rows: Rows, key: str, library: LibraryRollCall) -> Comparison:
    """Hold the record's roll call against the Library's: the day, the four totals, and every member's vote."""
    [roll_call] = [row for row in rows["roll_calls"] if row["id"] == key]
    here = {row["member_id"]: row["vote"] for row in rows["votes"] if row["roll_call_id"] == key}
    there = {member: vote for member, (vote, _) in library.votes.items()}
    differences = []
    if roll_call["voted_on"] != library.voted_on:
        differences.append(Difference(key, "", "voted_on", roll_call["voted_on"], library.voted_on))
    counted = Counter(there.values())
    for vote, column in VOTE_COLUMNS.items():
        printed = library.totals[column]
        total = counted[vote] if printed is None else printed
        if roll_call[column] is not None and roll_call[column] != total:
            differences.append(Difference(key, "", column, str(roll_call[column]), str(total)))
    both = sorted(here.keys() & there.keys())
    otherwise = [Difference(key, m, "vote", here[m], there[m]) for m in both if here[m] != there[m]]
    only_there, only_here = sorted(there.keys() - here.keys()), sorted(here.keys() - there.keys())
    return Comparison(key, len(both) - len(otherwise), differences + otherwise, only_there, only_here)


def explanations(rows: Rows) -> set[tuple[str, str, str, str]]:
    """What source_differences says that a record of the Library has otherwise."""
    records = {row["id"] for row in rows["sources"] if row["kind"] == "un_record"}
    return {
        (row["roll_call_id"], row["member_id"] or "", row["column_name"], row["source_says"])
        for row in rows["source_differences"]
        if row["source_id"] in records
    }


def unexplained(comparison: Comparison, explained: set[tuple[str, str, str, str]]) -> bool:
    """Whether something differs that source_differences does not explain, or the Library lacks a vote that we have."""
    return bool(comparison.only_here) or any(difference.key not in explained for difference in comparison.differences)


def _report(comparison: Comparison, explained: set[tuple[str, str, str, str]]) -> Iterator[str]:
    found = f"{comparison.agreeing} votes agree"
    if not comparison.differences and not comparison.only_here:
        found += ", and so do the day and the totals"
    yield f"{comparison.roll_call_id}: {found}"
    for difference in comparison.differences:
        yield f"  differs{' (explained)' if difference.key in explained else ''}: {difference}"
    if comparison.only_here:
        yield f"  no vote there: {', '.join(comparison.only_here)}"
    if comparison.only_there:
        yield f"  no vote here: {', '.join(comparison.only_there)}"


def _summary(
    rows: Rows,
    comparisons: list[Comparison],
    others: Iterable[LibraryRollCall],
    explained: set[tuple[str, str, str, str]],
) -> Iterator[str]:
    compared = {comparison.roll_call_id for comparison in comparisons}
    bodies = {row["body"] for row in rows["roll_calls"] if row["id"] in compared}
    absent = [
        row["id"]
        for row in rows["roll_calls"]
        if row["id"] not in compared
        and row["body"] in bodies
        and (row["kind"], row["outcome"]) == ("whole_text", "adopted")
    ]
    differing = sum(bool(comparison.differences or comparison.only_here) for comparison in comparisons)
    open_ones = sum(unexplained(comparison, explained) for comparison in comparisons)
    yield ""
    yield f"Roll calls compared: {len(compared)}; with a difference: {differing}; not explained: {open_ones}."
    if not compared:
        yield "The file has no text of the record."
    if absent:
        yield f"Adopted texts of the record that are not in the file: {', '.join(sorted(absent))}."
    for other in others:
        yield f"In the file and not in the record: {other.resolution} of {other.voted_on}, {other.title}."


if __name__ == "__main__":
    sys.exit(main())
