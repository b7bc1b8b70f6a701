"""Fuzz: mutants of the small record, by named rule, each refused where it is wrong, and the harmless ones let pass.

    python -m tests.fuzz [-n 10000] [--seed 1] [--jobs 2] [RULE …]

Prints for each rule how many mutants there were and by whom they were refused, and of each rule that failed the
smallest mutant that Hypothesis found. Exit code 1 if any failed.
"""

import argparse
import contextlib
import re
import shutil
import sys
import tempfile
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from mutants import RULES, Mutant, Record, Rule
from small_record import cut_record

from scripts import build, check, derive, load, trial
from scripts.package import Package, Table, open_package
from scripts.problems import BadDataError, Problem
from scripts.progress import Progress
from scripts.queries import ARCHIVE, BOTH, metadata_problems, read_metadata, read_queries
from scripts.read import read_package, read_table
from scripts.validate import validate

# One mutant in so many goes the way that `make validate` goes, and must come to the same.
WHOLE_WAY = 200


class Workbench:
    """A folder with the small record, in which one mutant at a time is put in the place of the sound files."""

    def __init__(self, root: Path) -> None:
        self.root = cut_record(root)
        self.record = Record(self.root)
        self.package = self.record.package
        self.metadata = read_metadata(self.root)
        self.rows, problems = read_package(self.package)
        assert not problems
        self.judged = 0

    @contextlib.contextmanager
    def holding(self, mutant: Mutant) -> Iterator[None]:
        """The mutant's files in their places; afterwards the sound ones."""
        before = {
            name: (self.root / name).read_bytes() if (self.root / name).exists() else None for name in mutant.files
        }
        made = [self.root / name for name in mutant.files if not (self.root / name).parent.exists()]
        try:
            self._put(mutant.files)
            yield
        finally:
            self._put(before)
            for path in made:
                shutil.rmtree(path.parent)

    def _put(self, files: dict[str, bytes | None]) -> None:
        for name, content in files.items():
            path = self.root / name
            if content is None:
                path.unlink(missing_ok=True)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)

    def verdict(self, mutant: Mutant) -> tuple[str, list[Problem]]:
        """Who refuses the mutant, and with which problems; nobody where it passes to the end."""
        with self.holding(mutant):
            self.judged += 1
            found = self._short_way(set(mutant.files))
            if self.judged % WHOLE_WAY == 0:
                assert set(self._whole_way()) == set(found[1] if found[0] not in LATE else []), "two ways, two answers"
            return found

    def _whole_way(self) -> list[Problem]:
        try:
            build.prepare(self.root, None, Progress(quiet=True))
        except BadDataError as error:
            return error.problems
        return []

    def _short_way(self, changed: set[str]) -> tuple[str, list[Problem]]:
        """What `build.prepare` and the stages behind it do, without doing anew what the change cannot touch."""
        data = {name for name in changed if name.startswith("data/")}
        try:
            package = self.package if changed == data else open_package(self.root)
            metadata = self.metadata if changed == data else read_metadata(self.root)
            archive = None if changed == data else open_package(self.root / ARCHIVE)
        except BadDataError as error:
            return "description", error.problems
        tables = {table.name for table in package.tables.values() if table.path in data or self._described_anew(table)}
        if data <= {table.path for table in package.tables.values()} and package.descriptor == self.package.descriptor:
            found = {name: read_table(package, package.tables[name]) for name in tables}
            rows = {**self.rows, **{name: rows for name, (rows, wrong) in found.items() if not wrong}}
            unread = [problem for _, wrong in found.values() for problem in wrong]
            rows = {name: rows[name] for name in package.tables if not (name in found and found[name][1])}
        else:
            rows, unread = read_package(package)
        problems = validate(package, rows, self._touched(package, tables, rows))
        misnamed = []
        if archive:
            misnamed = list(metadata_problems(package, metadata))
            for database in (ARCHIVE, BOTH):
                misnamed += metadata_problems(archive, metadata, database)
            misnamed = misnamed or list(trial.sql_problems(package, archive, metadata))
        problems += misnamed
        asked = []
        if not misnamed:
            sound = {name: rows[name] for name in package.sound(rows, problems)}
            asked = check.question_problems(package, sound, read_queries(metadata))
        if unread or problems or asked:
            who = (
                "reading"
                if unread
                else "description or SQL"
                if misnamed
                else who_said(problems)
                if problems
                else "question"
            )
            return who, sorted([*unread, *problems, *asked], key=str)
        return self._built(package, metadata, rows)

    def _described_anew(self, table: Table) -> bool:
        before = self.package.tables.get(table.name)
        return before is None or (before.schema, before.path) != (table.schema, table.path)

    def _touched(self, package: Package, tables: set[str], rows: dict) -> set[str]:
        """The tables whose schema can be broken now: the changed ones, and where keys changed those that lead there."""
        keys = {
            name
            for name in tables
            if name in rows and keys_of(package, name, rows) != keys_of(self.package, name, self.rows)
        }
        leading = {
            table.name for table in package.tables.values() if any(key.table in keys for key in table.foreign_keys)
        }
        return tables | leading

    def _built(self, package: Package, metadata: dict, rows: dict) -> tuple[str, list[Problem]]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "record.db"
            database = load.create_database(path)
            try:
                load.load(database, package, rows)
                derive.derive(database, package)
                database.conn.commit()
                _, problems = check.run_checks(path, package, rows, read_queries(metadata))
                wrong = database.execute("pragma foreign_key_check").fetchall()
            except BadDataError as error:
                return "SQL", error.problems
            finally:
                database.close()
            assert not wrong, f"SQLite has orphans that Frictionless has not: {wrong}"
        return ("check", problems) if problems else ("nobody", [])


LATE = ("check", "SQL", "nobody")


def keys_of(package: Package, name: str, rows: dict) -> list[tuple]:
    """The keys of a table's rows."""
    if name not in rows or name not in package.tables:
        return []
    return sorted(
        (tuple(str(row[column]) for column in package.tables[name].primary_key) for row in rows[name]), key=str
    )


def who_said(problems: list[Problem]) -> str:
    """Frictionless, whose problems end with the kind of error, or a law."""
    kinds = ("constraint-error)", "-error)", "(primary-key)", "(foreign-key)", "(unique-error)", "(type-error)")
    if any(problem.file.startswith("schema/") for problem in problems):
        return "description"
    return "Frictionless" if any(problem.reason.endswith(kinds) for problem in problems) else "law"


def fault(mutant: Mutant, who: str, problems: list[Problem]) -> str | None:
    """What is wrong with how a mutant was taken; None where it is as it should be."""
    told = "\n".join(map(str, problems[:6]))
    if not mutant.breaks:
        return f"harmless, and refused by {who}:\n{told}" if problems else None
    if not problems:
        return "breaks a rule, and passes"
    if any("/tmp" in problem.reason or not problem.reason.strip() for problem in problems):
        return f"tells a folder of the machine, or nothing:\n{told}"
    here = [problem for problem in problems if any(place.fits(problem) for place in mutant.places)]
    if not any(re.search(mutant.reason, problem.reason) for problem in here):
        return f"refused elsewhere or otherwise than {[str(p) for p in mutant.places]} with {mutant.reason!r}:\n{told}"
    return None


@dataclass
class Tally:
    """What came of the mutants of one rule."""

    rule: str
    refused: Counter = field(default_factory=Counter)
    failure: str | None = None

    @property
    def mutants(self) -> int:
        return self.refused.total()


def hold(bench: Workbench, rule: Rule, count: int, start: int) -> Tally:
    """Draw so many mutants of a rule, or all that there are, and hold each against what must become of it."""
    tally = Tally(rule.name)

    @seed(zlib.crc32(f"{start} {rule.name}".encode()))
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )
    @given(st.data())
    def each(data: st.DataObject) -> None:
        mutant = rule.draw(data.draw, bench.record)
        tally.failure = mutant.what
        try:
            who, problems = bench.verdict(mutant)
            wrong = fault(mutant, who, problems)
        except Exception:  # A traceback is what no mutant may end in, of whatever kind.
            wrong = traceback.format_exc(limit=-4)
            who = "traceback"
        tally.refused[who] += 1
        if wrong:
            tally.failure = f"{mutant.what}\n{wrong}"
            raise AssertionError(wrong)
        tally.failure = None

    try:
        each()
        tally.failure = None
    except Unsatisfiable:
        tally.failure = tally.failure or "no mutant could be made"
    except AssertionError:
        pass
    return tally


def hold_rules(job: tuple[list[str], int, int]) -> list[Tally]:
    """The rules of one process, with a folder of its own."""
    names, count, start = job
    with tempfile.TemporaryDirectory() as folder:
        bench = Workbench(Path(folder) / "record")
        return [hold(bench, rule, count, start) for rule in RULES if rule.name in names]


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="fuzz", description="Mutants of the small record.")
    parser.add_argument("rules", nargs="*", metavar="RULE")
    parser.add_argument("-n", type=int, default=10_000, help="how many mutants at least")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args(arguments)
    began = time.monotonic()
    tallies = {rule.name: Tally(rule.name) for rule in RULES if not options.rules or rule.name in options.rules}
    open_rules, round_ = list(tallies), 0
    with ProcessPoolExecutor(options.jobs) as pool:
        while open_rules and (missing := options.n - sum(t.mutants for t in tallies.values())) > 0:
            count = -(-missing // len(open_rules)) + 1
            jobs = [
                (open_rules[at :: options.jobs * 4], count, options.seed + round_) for at in range(options.jobs * 4)
            ]
            still = []
            for done in pool.map(hold_rules, [job for job in jobs if job[0]]):
                for tally in done:
                    tallies[tally.rule].refused += tally.refused
                    tallies[tally.rule].failure = tallies[tally.rule].failure or tally.failure
                    if tally.mutants >= count // 2 and not tally.failure:
                        still.append(tally.rule)
            print(sum(t.mutants for t in tallies.values()), "mutants so far", file=sys.stderr, flush=True)
            open_rules, round_ = [name for name in open_rules if name in still], round_ + 1
    return report(list(tallies.values()), options.seed, time.monotonic() - began)


def report(tallies: list[Tally], start: int, seconds: float) -> int:
    """Print what came of each rule; returns the exit code."""
    families = {rule.name: rule.family for rule in RULES}
    for tally in tallies:
        by = ", ".join(f"{count} by {who}" for who, count in tally.refused.most_common())
        print(f"{families[tally.rule]:12}{tally.rule:60}{tally.mutants:6}  {by}")
    failed = [tally for tally in tallies if tally.failure]
    for tally in failed:
        print(f"\nFAILED {tally.rule}: {tally.failure}")
    total = sum((tally.refused for tally in tallies), Counter())
    refused = ", ".join(f"{count} by {who}" for who, count in total.most_common())
    print(
        f"\n{len(tallies)} rules, {total.total()} mutants, seed {start}, {seconds:.0f} s: {refused}; "
        f"{len(failed)} rules failed"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
