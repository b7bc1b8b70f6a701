"""What is wrong with the data, said the same way by every stage: file, row, field, reason."""

from collections.abc import Iterable
from dataclasses import dataclass


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
