"""Progress: one line a stage, with what it counted and how long it took, and a bar while many rows go by."""

from collections.abc import Callable, Iterator, Sized
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from time import perf_counter
from typing import ParamSpec, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Task, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.text import Text

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Batch = TypeVar("Batch", bound=Sized)
# A bar for fewer is gone before it can be read.
MANY = 100_000
# Seconds between two looks at work that tells its progress only when it is asked.
LOOK = 0.2


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

    def counting(self, name: str, rows: int, batches: Iterator[Batch]) -> Iterator[Batch]:
        """Hand batches on, and on a terminal show how many of the rows went by, how fast, and the time that is left."""
        if rows < MANY or not self._console.is_terminal:
            yield from batches
            return
        with self._bars() as bars:
            task = bars.add_task(name, total=rows)
            for batch in batches:
                yield batch
                bars.advance(task, len(batch))

    @contextmanager
    def watching(self, name: str, rows: int, percent: Callable[[], float]) -> Iterator[None]:
        """While the block runs, show on a terminal how many of the rows it is through, by what `percent` says of it."""
        if rows < MANY or not self._console.is_terminal:
            yield
            return
        over = Event()
        with self._bars() as bars, ThreadPoolExecutor(1) as pool:
            task = bars.add_task(name, total=rows)

            def look() -> None:
                """Move the bar until the block is over."""
                while not over.wait(LOOK):
                    bars.update(task, completed=int(rows * max(percent(), 0) / 100))

            pool.submit(look)
            try:
                yield
            finally:
                over.set()

    def _bars(self) -> Bars:
        columns = (
            TextColumn("{task.description:<16}"),
            BarColumn(),
            MofNCompleteColumn(),
            _RowsASecond(),
            TimeRemainingColumn(),
        )
        return Bars(*columns, console=self._console, transient=True)


class _RowsASecond(TextColumn):
    """How many rows went by in a second, of late."""

    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Task) -> Text:
        """The speed of a task in words."""
        return Text(f"{task.speed or 0:,.0f} rows/s")
