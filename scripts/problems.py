"""What is wrong with the data, said the same way by every stage: file, row, field, reason."""

import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


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
    except OSError as error:
        path = Path(error.filename or "the system")
        place = path.relative_to(root) if path.is_relative_to(root) else path.name
        print(f"{place}: {error.strerror}; {undone}", file=sys.stderr)
        return 1
    return 0
