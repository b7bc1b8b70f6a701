"""Progress: one line a stage, with what it counted and how long it took."""

from collections.abc import Callable
from time import perf_counter
from typing import ParamSpec, TypeVar

from rich.console import Console

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Progress:
    """Runs stages and says so on standard output, in colour only on a terminal; silent when `quiet`."""

    def __init__(self, quiet: bool) -> None:
        self._console = Console(quiet=quiet, highlight=False, soft_wrap=True)

    def run(
        self,
        name: str,
        stage: Callable[Arguments, tuple[Result, str]],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """Run a stage that returns its result and a count in words; returns the result."""
        started = perf_counter()
        result, counted = stage(*args, **kwargs)
        self._console.print(f"[bold]{name:<9}[/bold] {perf_counter() - started:6.2f} s  {counted}")
        return result

    def say(self, text: str) -> None:
        """Print one plain line."""
        self._console.print(text)
