"""Engines: SQLite, DuckDB and Spark, each asked a published query and its parameters, with the same answer from each.

SQLite reads the built database; the other two read the Parquet files that `make parquet` writes, and see every table
and view under its name, with days as texts and booleans as 0 and 1, as SQLite stores them.
"""

import os
import re
import runpy
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol, Self

import duckdb

from scripts.dialects import translate
from scripts.package import Table
from scripts.published import Database

ENGINES = ("sqlite", "duckdb", "spark")
MASTER = "local[2]"
LOOPBACK = "127.0.0.1"
# What the site's search is made with, beside the database in the site's folder.
FUNCTIONS = "plugins/search.py"
# Small data, read again and again: few and plain tasks. A cluster has its own in spark-defaults.conf.
LOCAL = {
    "spark.driver.bindAddress": LOOPBACK,
    "spark.driver.host": LOOPBACK,
    "spark.sql.shuffle.partitions": "2",
}
# By SQLite's rules a division by zero, or a text that is no number, is null and no error.
# One rule of the optimizer makes an invalid plan of a union in which a column stands twice.
SESSION = {
    "spark.sql.ansi.enabled": "false",
    "spark.sql.optimizer.excludedRules": "org.apache.spark.sql.catalyst.optimizer.RemoveRedundantAliases",
}
ALWAYS = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}

Value = str | int | float | None


class EngineError(Exception):
    """An engine cannot be opened or cannot answer; the message says what to do, or why."""


@dataclass(frozen=True)
class Answer:
    """What a query answers: the names of its columns, and its rows, in order where the query has one."""

    columns: tuple[str, ...]
    rows: list[tuple[Value, ...]]


class Engine(AbstractContextManager["Engine"], Protocol):
    """Something that answers queries over one database."""

    def ask(self, sql: str, parameters: Mapping[str, str]) -> Answer:
        """The answer to a query in SQLite's dialect; EngineError if it cannot be given."""

    def close(self) -> None:
        """Let go of what was opened."""


class _Closing:
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of what was opened."""
        raise NotImplementedError


class SqliteEngine(_Closing):
    """The built database, read-only."""

    def __init__(self, database: Database) -> None:
        self._connection = sqlite3.connect(f"file:{database.path}?mode=ro", uri=True)
        functions = database.path.parent / FUNCTIONS
        if functions.is_file():
            runpy.run_path(str(functions))["prepare_connection"](self._connection)

    def ask(self, sql: str, parameters: Mapping[str, str]) -> Answer:
        """The answer as SQLite gives it."""
        try:
            cursor = self._connection.execute(sql, dict(parameters))
            rows = cursor.fetchall()
        except sqlite3.Error as error:
            raise EngineError(f"SQLite: {error}") from error
        return Answer(tuple(column[0] for column in cursor.description), rows)

    def close(self) -> None:
        """Close the database."""
        self._connection.close()


class DuckdbEngine(_Closing):
    """Parquet files, asked in process."""

    def __init__(self, database: Database, parquet: Path) -> None:
        self._tables = database.tables
        self._connection = duckdb.connect()
        for table in self._tables:
            files = _folder(parquet, database, table) / "**/*.parquet"
            columns = ", ".join(_stored_columns(table, '"', "varchar"))
            source = f"read_parquet('{_escaped(files)}', hive_partitioning = false)"
            self._connection.execute(f'create view "{table.name}" as select {columns} from {source}')  # noqa: S608

    def ask(self, sql: str, parameters: Mapping[str, str]) -> Answer:
        """The answer as DuckDB gives it, its values as SQLite's."""
        text = translate(sql, self._tables, "duckdb")
        used = {name: parameters[name] for name in set(re.findall(r"\$(\w+)", text)) & parameters.keys()}
        try:
            found = self._connection.execute(text, used)
            columns = tuple(column[0] for column in found.description or ())
            return Answer(columns, [tuple(map(_plain, row)) for row in found.fetchall()])
        except duckdb.Error as error:
            raise EngineError(f"DuckDB: {error}") from error

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class SparkEngine(_Closing):
    """Parquet files, asked through Spark: in this process, or on the cluster that `master` names."""

    def __init__(
        self, database: Database, parquet: Path, master: str = MASTER, settings: Mapping[str, str] | None = None
    ) -> None:
        self._tables = database.tables
        # Another session of the same Spark, since two databases may have tables of one name.
        self._session = spark_session(master, settings or {}).newSession()
        for name, value in SESSION.items():
            self._session.conf.set(name, value)
        for table in self._tables:
            reader = self._session.read.schema(_spark_columns(table)).option("recursiveFileLookup", "true")
            rows = reader.parquet(str(_folder(parquet, database, table)))
            rows.selectExpr(*_stored_columns(table, "`", "string")).createOrReplaceTempView(table.name)

    def ask(self, sql: str, parameters: Mapping[str, str]) -> Answer:
        """The answer as Spark gives it, its values as SQLite's."""
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException

        text = translate(sql, self._tables, "spark")
        try:
            found = self._session.sql(text, args=dict(parameters))
            return Answer(tuple(found.columns), [tuple(map(_plain, row)) for row in found.collect()])
        except (PySparkException, Py4JError) as error:
            raise EngineError(f"Spark: {str(error).partition(chr(10) + chr(9) + 'at ')[0]}") from error

    def close(self) -> None:
        """Leave the session; Spark itself ends with the process, or with stop_spark()."""
        self._session.catalog.clearCache()


def spark_session(master: str, settings: Mapping[str, str]) -> Any:
    """The process's one Spark; EngineError where Spark or Java is not installed."""
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise EngineError("Spark is not installed; make spark installs it") from error
    local = LOCAL if master.startswith("local") else {}
    if local:
        os.environ.setdefault("SPARK_LOCAL_IP", LOOPBACK)
    builder = SparkSession.builder.master(master).appName("on-the-record")
    for name, value in {**local, **ALWAYS, **settings}.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except Exception as error:
        raise EngineError(f"Spark does not start; it needs Java 17 or later: {error}") from error
    session.sparkContext.setLogLevel("ERROR")
    return session


def open_engine(name: str, database: Database, parquet: Path, master: str = MASTER) -> Engine:
    """One of ENGINES over a database of the site; `parquet` is the folder that has a folder for each database."""
    if name == "sqlite":
        return SqliteEngine(database)
    return DuckdbEngine(database, parquet) if name == "duckdb" else SparkEngine(database, parquet, master)


def _folder(parquet: Path, database: Database, table: Table) -> Path:
    folder = parquet / database.name / table.name
    if not folder.is_dir():
        raise EngineError(f"{table.name} of {database.name} is not there as Parquet; make parquet writes it")
    return folder.resolve()


def _stored_columns(table: Table, quote: str, text: str) -> Iterator[str]:
    """The columns of a table in a select list, each as SQLite stores it; `text` is the engine's type of a text."""
    stored = {"date": text, "boolean": "bigint"}
    for field in table.fields:
        name = f"{quote}{field.name}{quote}"
        yield f"cast({name} as {stored[field.type]}) as {name}" if field.type in stored else name


def _spark_columns(table: Table) -> str:
    types = {"string": "string", "date": "date", "integer": "bigint", "number": "double", "boolean": "boolean"}
    return ", ".join(f"`{field.name}` {types[field.type]}" for field in table.fields)


def _escaped(path: Path) -> str:
    return str(path).replace("'", "''")


def _plain(value: Any) -> Value:
    """A value as SQLite would give it."""
    if isinstance(value, bool):
        return int(value)
    return float(value) if isinstance(value, Decimal) else value
