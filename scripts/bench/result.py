"""What a measurement gives: rows with a ratio and a goal, and tables and words beside them."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Goal:
    """What a row's figure is to be: at most, or at least, a number; `words` where the issue says it otherwise."""

    limit: float
    at_least: bool = False
    words: str = ""

    def __str__(self) -> str:
        return self.words or f"{'≥' if self.at_least else '≤'} {self.limit:g}"

    def met(self, figure: float) -> bool:
        """Whether a figure reaches the goal."""
        return figure >= self.limit if self.at_least else figure <= self.limit


@dataclass(frozen=True)
class Row:
    """One thing beside another: what each is and its figure, in `unit`.

    A row without a second figure is held to its goal by the first. What could not be measured has a `reason` instead.
    """

    what: str
    first: float | None
    against: str = ""
    second: float | None = None
    unit: str = "s"
    goal: Goal | None = None
    reason: str = ""

    @property
    def figure(self) -> float | None:
        """What the goal is held against: the ratio, or the first figure where nothing stands against it."""
        if self.first is None or self.second is None:
            return None if self.reason else self.first
        return self.first / self.second

    def cells(self) -> tuple[str, ...]:
        """The row in words: what, figure, against what, its figure, ratio, goal, and whether it is met."""
        measured = [amount(figure, self.unit) for figure in (self.first, self.second)]
        ratio = f"{self.first / self.second:.3g}" if self.first is not None and self.second else ""
        verdict = self.reason
        if self.goal and self.figure is not None:
            verdict = "yes" if self.goal.met(self.figure) else "no"
        return self.what, measured[0], self.against, measured[1], ratio, str(self.goal or ""), verdict


HEADER = ("what", "measured", "against", "measured", "ratio", "goal", "met")


@dataclass(frozen=True)
class Listing:
    """A table beside the rows: its title, its header and its cells."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Section:
    """What one group measured: a title, a few sentences on what its rows mean, and on what was found."""

    title: str
    meaning: str
    rows: list[Row]
    listings: list[Listing] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)


def amount(figure: float | None, unit: str = "") -> str:
    """A figure with its unit, three digits or more; nothing for no figure."""
    if figure is None:
        return ""
    return f"{figure:,.0f} {unit}".strip() if figure >= 100 else f"{figure:.3g} {unit}".strip()
