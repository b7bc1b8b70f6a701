"""What may take long is answered in processes apart from the one that makes the pages: SQL that a reader brings, first.

A thread would do for patient queries, but not for all: SQLite looks at the clock between its steps only, and
`printf('%.*c', 1000000000, 'x')` is one step of six seconds; a statement can have a thousand of them, and nothing ends
a thread. Threads also share the memory that SQLite may have, and the lock of the interpreter, with every page. A
process has its own of each, gives way to the pages (`nice`), and can be ended.

This file is both ends: a plugin of Datasette, and, run by itself, the process that answers.
"""

import contextlib
import os
import pickle
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import weakref
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datasette import hookimpl
from datasette.app import Datasette
from datasette.database import QueryInterrupted, Results

PROCESSES = 2
# Seconds beyond the limit of time after which a process that is stuck within one step ends itself.
GRACE = 0.5
# On a busy machine a process that gives way waits for the processor, which is not its query's fault: the limit is of
# the processor's time, and this many times as long by the clock.
BY_THE_CLOCK = 4
NICEST, NICE_SESSION = 19, 15
# Steps of SQLite between looks at the clock, some milliseconds.
STEPS = 10_000
LIMITS = {
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 250,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 50_000,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE}
# Of those that Datasette lets through, what tells of the data; database_list would tell where the site stands on the
# server. Full-text search asks for data_version itself.
PRAGMAS = {
    *("foreign_key_list", "function_list", "index_info", "index_list", "index_xinfo", "table_info", "table_xinfo"),
    "data_version",
}
# Addresses in memory, and files.
FORBIDDEN_FUNCTIONS = {
    *("fts3_tokenizer", "load_extension", "readfile", "writefile", "edit", "sqlite_log"),
    *("sqlite_compileoption_get", "sqlite_compileoption_used"),
}
# What SQLite tells about itself as tables: the statements of other readers are among it.
FORBIDDEN_TABLES = {"bytecode", "dbstat", "sqlite_dbpage", "sqlite_memstat", "sqlite_stmt", "tables_used"}
STUCK = "interrupted"  # as SQLite says it


@dataclass
class Question:
    """SQL for a database, and the process that has it in hand."""

    database: str
    sql: str
    parameters: Any
    seconds: float
    most: int | None
    process: subprocess.Popen[bytes] | None = None
    unwanted: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def drop(self) -> None:
        """Nobody waits for the answer any more: end the process that works at it."""
        with self.lock:
            self.unwanted = True
            if self.process:
                self.process.kill()


class Apart:
    """A few processes that answer questions in the order in which they come, each started when it is first needed."""

    def __init__(self, script: Path, places: dict[str, list[str]], own_names: bool) -> None:
        self._script, self._started_with = script, (places, own_names)
        self._threads = ThreadPoolExecutor(PROCESSES, thread_name_prefix="apart")
        self._own = threading.local()

    def submit(self, question: Question) -> "Future[Results]":
        """The results to come; until a process takes the question up, `cancel` takes it back."""
        return self._threads.submit(self._ask, question)

    def _ask(self, question: Question) -> Results:
        """What the process of this thread answers; QueryInterrupted where it took too long or was ended."""
        process = self._process()
        with question.lock:
            if question.unwanted:
                raise QueryInterrupted(sqlite3.OperationalError(STUCK), question.sql, question.parameters)
            question.process = process
        asked = pickle.dumps((question.database, question.sql, question.parameters, question.seconds, question.most))
        assert process.stdin and process.stdout
        try:
            process.stdin.write(asked)
            process.stdin.flush()
            answer = pickle.load(process.stdout)
        except (EOFError, OSError, pickle.UnpicklingError):
            process.kill()
            process.wait()
            answer = sqlite3.OperationalError(STUCK)
        finally:
            with question.lock:
                question.process = None
        if isinstance(answer, Exception):
            if answer.args == (STUCK,):
                raise QueryInterrupted(answer, question.sql, question.parameters)
            raise answer
        description, rows = answer
        truncated = question.most is not None and len(rows) > question.most
        return Results(self._as_rows(description, rows[: question.most]), truncated, description)

    def _process(self) -> subprocess.Popen[bytes]:
        """The process of this thread, started anew where it has ended."""
        process: subprocess.Popen[bytes] | None = getattr(self._own, "process", None)
        if process is None or process.poll() is not None:
            # Without -B it would write into the site's folder.
            command = [sys.executable, "-B", str(self._script)]
            process = self._own.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
            )
            weakref.finalize(self, _end, process)
            assert process.stdin
            pickle.dump(self._started_with, process.stdin)
        return process

    def _as_rows(self, description: list[tuple[Any, ...]], rows: list[tuple[Any, ...]]) -> list[sqlite3.Row]:
        """Rows as Datasette has them, which only a cursor with their columns can make."""
        if not hasattr(self._own, "connection"):
            self._own.connection = sqlite3.connect(":memory:")
        names = ", ".join('null as "{}"'.format(name.replace('"', '""')) for name, *_ in description)
        cursor = self._own.connection.execute(f"select {names}")
        return [sqlite3.Row(cursor, row) for row in rows]


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


@hookimpl
def startup(datasette: Datasette) -> None:
    """Give every other plugin `new_apart`, which makes processes that answer, and `question_apart`, to ask them.

    Processes that answer SQL whose author names the columns are told so: `own_names`.
    """
    files = {
        name: f"file:{database.path}?{'mode=ro' if database.is_mutable else 'immutable=1'}"
        for name, database in datasette.databases.items()
        if database.path
    }
    places = {name: [uri] for name, uri in files.items()}
    places["_memory"] = [":memory:", *(f"{name} {uri}" for name, uri in files.items() if datasette.crossdb)]
    datasette.new_apart = lambda own_names: Apart(Path(datasette.plugins_dir) / "apart.py", places, own_names)
    datasette.question_apart = Question


def main() -> None:
    """Answer questions from standard input, one after the other, until there are no more."""
    _give_way()
    asked, answered = sys.stdin.buffer, sys.stdout.buffer
    places, own_names = pickle.load(asked)
    connections: dict[str, sqlite3.Connection] = {}
    while True:
        try:
            database, *question = pickle.load(asked)
        except EOFError:
            return
        if database not in connections:
            connections[database] = _connect(places[database], own_names)
        pickle.dump(_answer(connections[database], *question), answered)
        answered.flush()


def _give_way() -> None:
    """Take the processor only when nobody else wants it.

    Many Linux systems share it among sessions first, and `nice` counts among the processes of one session: so this
    process, which begins a session, makes the session give way too.
    """
    os.nice(NICEST)
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(NICE_SESSION), encoding="utf-8")


def _connect(place: list[str], own_names: bool) -> sqlite3.Connection:
    """A connection as Datasette prepares it, to a file or to memory with files attached, and with bounds on SQL."""
    import limits
    import search

    uri, *attached = place
    connection = sqlite3.connect(uri, uri=True)
    connection.text_factory = lambda text: str(text, "utf-8", "replace")
    limits.prepare_connection(connection)
    connection.row_factory = limits.counting_rows(names_too=own_names)
    search.prepare_connection(connection)
    for one in attached:
        name, _, uri = one.partition(" ")
        connection.execute(f"attach database ? as [{name}]", [uri])
    for limit, value in LIMITS.items():
        connection.setlimit(limit, value)
    connection.set_authorizer(_authorize)
    return connection


def _authorize(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    """Let SQL read, and nothing else; asked once when a statement is prepared."""
    allowed = (
        (action in ALLOWED and not (action == sqlite3.SQLITE_READ and (first or "").lower() in FORBIDDEN_TABLES))
        # What is asked where a virtual table says which columns it has; SQLite itself refuses any other such update.
        or (action == sqlite3.SQLITE_UPDATE and first == "sqlite_master")
        or (action == sqlite3.SQLITE_FUNCTION and (second or "").lower() not in FORBIDDEN_FUNCTIONS)
        or (action == sqlite3.SQLITE_PRAGMA and (first or "").lower() in PRAGMAS)
    )
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _answer(connection: sqlite3.Connection, sql: str, parameters: Any, seconds: float, most: int | None) -> Any:
    """Description and rows, one row more than `most` where there are more; or what went wrong.

    The system ends the process by itself if the limit of time is passed within one step.
    """
    worked, waited = time.process_time() + seconds, time.monotonic() + seconds * BY_THE_CLOCK
    connection.set_progress_handler(lambda: time.process_time() >= worked or time.monotonic() >= waited, STEPS)
    signal.setitimer(signal.ITIMER_PROF, seconds + GRACE)
    signal.setitimer(signal.ITIMER_REAL, seconds * BY_THE_CLOCK + GRACE)
    try:
        cursor = connection.execute(sql, parameters if parameters is not None else {})
        rows = cursor.fetchall() if most is None else cursor.fetchmany(most + 1)
        return cursor.description, [tuple(row) for row in rows]
    except Exception as error:
        return error
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


if __name__ == "__main__":
    main()
