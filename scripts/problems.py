"""What is wrong with the data, said the same way by every stage: file, row, field, reason."""

import signal
import sqlite3
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

# The low byte of its codes for no memory, read-only, input and output, no room, and what cannot be opened.
REFUSED_TO_SQLITE = {
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}
# By name, since a build with nothing to do should not wait for DuckDB.
REFUSED_TO_DUCKDB = {"IOException", "OutOfMemoryException"}


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and where.

    `row` is the line in the file, the header being line 1; None where the whole file is meant.
    """

    file: str
    row: int | None
    field: str | None
    reason: str

    def __str__(self) -> str:
        row = f", row {self.row}" if self.row is not None else ""
        field = f", field {self.field}" if self.field else ""
        return f"{self.file}{row}{field}: {self.reason}"


class BadDataError(Exception):
    """The input breaks rules; `problems` lists every breach found in this run."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems, key=lambda p: (p.file, p.row or 0, p.field or "", p.reason))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def exit_code(build: Callable[[], None], root: Path, undone: str = "nothing was built") -> int:
    """0 once `build` is through; 1, with every problem on standard error, for bad data and for a file that fails.

    130 where it is interrupted, as a shell has it; to be told to end is an interruption too, so that nothing is left.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        build()
    except BadDataError as error:
        count = len(error.problems)
        print(error, f"{count} problem{'s' * (count != 1)}; {undone}", sep="\n", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"interrupted; {undone}", file=sys.stderr)
        return 130
    except Exception as error:
        if (reason := refusal(error, root)) is None:
            raise
        print(f"{reason}; {undone}", file=sys.stderr)
        return 1
    return 0


def refusal(error: BaseException, root: Path) -> str | None:
    """What the system refused, in words, if that is what an error comes from: no room, no permission, no memory."""
    if isinstance(error, OSError):
        path = Path(error.filename or "the system")
        place = path.relative_to(root) if path.is_relative_to(root) else path.name
        return f"{place}: {error.strerror or error}"
    if isinstance(error, MemoryError):
        return "the system: no memory is left"
    if isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF in REFUSED_TO_SQLITE:
        return f"SQLite: {error}"
    if {base.__name__ for base in type(error).__mro__} & REFUSED_TO_DUCKDB:
        return f"DuckDB: {str(error).splitlines()[0]}"
    # What xlsxwriter raises where a workbook cannot be written, and who gives a reason of their own for an error.
    cause = error.__cause__ or (error.__context__ if type(error).__name__ == "FileCreateError" else None)
    return refusal(cause, root) if cause else None
