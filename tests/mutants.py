"""Mutants: what may be wrong with one file of the small record, each kind by a named rule of Hypothesis.

A rule draws a place and changes what stands there. It says where the breach must be told, several places where it may
show at either end, or that nothing may be told since the mutant is harmless. Which rule fits which column is read from
the schemas.
"""

import copy
import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from hypothesis import reject
from hypothesis import strategies as st

from scripts.package import Field, Package, Table, open_package
from scripts.queries import read_metadata

ANY = object()


@dataclass(frozen=True)
class Place:
    """Where a breach is told: a file, a row (ANY for no matter which) and a column, which may stand among others."""

    file: str
    row: object = None
    column: object = None

    def fits(self, problem: Any) -> bool:
        """Whether a problem is told here."""
        columns = (problem.field or "").split(", ")
        return (
            problem.file == self.file
            and (self.row is ANY or problem.row == self.row)
            and (self.column is ANY or self.column in columns or (self.column is None and problem.field is None))
        )


@dataclass(frozen=True)
class Mutant:
    """Files with other contents (None where the file is taken away), where that is told, and in which words."""

    files: dict[str, bytes | None]
    places: tuple[Place, ...] = ()
    reason: str = ""
    what: str = ""

    @property
    def breaks(self) -> bool:
        """Whether it must be refused."""
        return bool(self.places)


@dataclass(frozen=True)
class Rule:
    """A named kind of mutant."""

    name: str
    family: str
    draw: Callable[[Callable[..., Any], "Record"], Mutant] = field(compare=False)


RULES: list[Rule] = []


def rule(name: str, family: str) -> Callable[[Any], Any]:
    """Register a rule."""

    def register(draw: Any) -> Any:
        RULES.append(Rule(name, family, draw))
        return draw

    return register


class Record:
    """The small record as it stands, before anything is changed: `header` and `lines` of each table as cells."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.package: Package = open_package(root)
        self.content = {t.name: (root / t.path).read_bytes() for t in self.package.tables.values()}
        self.lines = {
            name: list(csv.reader(io.StringIO(text.decode("utf-8"), newline=""))) for name, text in self.content.items()
        }

    @cached_property
    def metadata(self) -> dict[str, Any]:
        return read_metadata(self.root)

    def path(self, table: str) -> str:
        return self.package.tables[table].path

    def column(self, table: str, column: str) -> int:
        return self.lines[table][0].index(column)

    def rows(self, table: str, **cells: str) -> list[int]:
        """The numbers, in the file, of the rows that have these cells."""
        wanted = {self.column(table, column): value for column, value in cells.items()}
        return [
            number
            for number, line in enumerate(self.lines[table], start=1)
            if number > 1 and all(line[index] == value for index, value in wanted.items())
        ]

    def cell(self, table: str, row: int, column: str) -> str:
        return self.lines[table][row - 1][self.column(table, column)]

    def with_cells(self, table: str, row: int, **cells: str) -> bytes:
        """The file with other cells in one row."""
        lines = self.content[table].split(b"\n")
        changed = list(self.lines[table][row - 1])
        for column, value in cells.items():
            changed[self.column(table, column)] = value
        lines[row - 1] = written(changed)
        return b"\n".join(lines)

    def with_row(self, table: str, cells: list[str]) -> bytes:
        """The file with one more row at its end."""
        return self.content[table] + written(cells) + b"\n"

    def without_row(self, table: str, row: int) -> bytes:
        lines = self.content[table].split(b"\n")
        return b"\n".join([*lines[: row - 1], *lines[row:]])

    def last(self, table: str) -> int:
        return len(self.lines[table])

    def columns(self, fits: Callable[[Table, Field], bool]) -> list[tuple[str, str]]:
        """The columns of which a condition is true, in tables that have rows."""
        return [
            (table.name, column.name)
            for table in self.package.tables.values()
            for column in table.typed_fields
            if self.last(table.name) > 1 and fits(table, column)
        ]

    def filled(self) -> list[str]:
        """The tables that have rows."""
        return [name for name in self.package.tables if self.last(name) > 1]

    def yaml(self, path: str) -> Any:
        return yaml.load((self.root / path).read_text(encoding="utf-8"), yaml.CSafeLoader)

    def schema_paths(self) -> list[str]:
        return [resource["schema"] for resource in self.package.descriptor["resources"]]


def written(cells: list[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue().encode("utf-8", "surrogatepass")


def dumped(content: Any) -> bytes:
    return yaml.dump(content, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True).encode()


def of_type(kind: str) -> Callable[[Table, Field], bool]:
    return lambda _table, column: column.type == kind


def is_key(table: Table, column: Field) -> bool:
    """A text that is part of a key, or leads to one."""
    keys = {*table.primary_key, *(name for key in table.foreign_keys for name in key.fields)}
    return column.type == "string" and column.name in keys and "enum" not in column.constraints


def has(constraint: str) -> Callable[[Table, Field], bool]:
    return lambda _table, column: constraint in column.constraints


def is_prose(table: Table, column: Field) -> bool:
    """A text of which the schema says how long it may be, and nothing more."""
    plain = set(column.constraints) <= {"required", "maxLength"} and column.constraints.get("maxLength", 0) >= 120
    return column.type == "string" and plain and not is_key(table, column) and column.name not in JUDGED


# Texts that a law holds against other cells.
JUDGED = ("quote", "source_says", "row_key", "old_key", "new_key", "old_value", "new_value", "aliases", "params")


def place_in(
    draw: Any, record: Record, fits: Callable[[Table, Field], bool], *, filled: bool = True
) -> tuple[str, str, int]:
    """A table, a column and a row, whose cell is not empty."""
    table, column = draw(st.sampled_from(record.columns(fits)))
    index = record.column(table, column)
    rows = [n for n, line in enumerate(record.lines[table], start=1) if n > 1 and (line[index] or not filled)]
    if not rows:
        reject()
    return table, column, draw(st.sampled_from(rows))


def changed_cell(record: Record, table: str, column: str, row: int, value: str, reason: str, *more: Place) -> Mutant:
    file = record.path(table)
    what = f"{file}, row {row}, {column}: {record.cell(table, row, column)!r} becomes {value!r}"
    return Mutant(
        {file: record.with_cells(table, row, **{column: value})}, (Place(file, row, column), *more), reason, what
    )


def changed_file(record: Record, table: str, content: bytes | None, row: object, column: object, reason: str) -> Mutant:
    file = record.path(table)
    return Mutant({file: content}, (Place(file, row, column),), reason, f"{file}, row {row}")


# --- bytes -----------------------------------------------------------------------------------------------------------


def file_rule(name: str) -> Callable[[Any], Any]:
    """A rule that draws a table and says what its bytes become, where that is told, and how."""

    def register(make: Any) -> Any:
        def drawn(draw: Any, record: Record) -> Mutant:
            table = draw(st.sampled_from(record.filled()))
            return changed_file(record, table, *make(draw, record, table))

        RULES.append(Rule(name, "bytes", drawn))
        return make

    return register


def a_row(draw: Any, record: Record, table: str) -> int:
    return draw(st.integers(2, record.last(table)))


@file_rule("byte-order mark")
def _(draw, record, table):
    return b"\xef\xbb\xbf" + record.content[table], 1, None, "byte-order mark"


@file_rule("carriage return")
def _(draw, record, table):
    row = draw(st.integers(1, record.last(table)))
    lines = record.content[table].split(b"\n")
    lines[row - 1] += b"\r"
    return b"\n".join(lines), row, None, "carriage return"


@file_rule("bytes that are not UTF-8")
def _(draw, record, table):
    row = a_row(draw, record, table)
    lines = record.content[table].split(b"\n")
    at = draw(st.integers(0, len(lines[row - 1])))
    wrong = draw(st.sampled_from([b"\xe9", b"\xff", b"\xed\xa0\x80", b"\xc0\xaf", b"\x80"]))
    head = lines[row - 1][:at].decode("utf-8", "ignore").encode()
    lines[row - 1] = head + wrong + b"," + lines[row - 1][at:]
    return b"\n".join(lines), row, None, "UTF-8"


@file_rule("UTF-16")
def _(draw, record, table):
    code = draw(st.sampled_from(["utf-16", "utf-16-le", "utf-16-be"]))
    return record.content[table].decode().encode(code), ANY, ANY, ""


@file_rule("empty file")
def _(draw, record, table):
    return b"", None, None, "is empty"


@file_rule("no file")
def _(draw, record, table):
    return None, None, None, "cannot be read"


@file_rule("header alone")
def _(draw, record, table):
    if record.package.tables[table].may_be_empty:
        reject()
    return record.content[table].partition(b"\n")[0] + b"\n", None, None, "no rows"


@file_rule("cut in the middle")
def _(draw, record, table):
    content = record.content[table]
    at = draw(st.integers(len(content) // 3, len(content) - 2))
    cut = content[:at]
    if cut.endswith(b"\n"):
        reject()
    return cut, cut.count(b"\n") + 1, ANY, ""


@file_rule("no line feed at the end")
def _(draw, record, table):
    return record.content[table][:-1], record.last(table), None, "line feed"


def with_raw_line(record: Record, table: str, row: int, line: bytes) -> bytes:
    lines = record.content[table].split(b"\n")
    lines[row - 1] = line
    return b"\n".join(lines)


def raw_cells(record: Record, table: str, row: int) -> list[bytes]:
    return [written([cell]) if cell else b"" for cell in record.lines[table][row - 1]]


@file_rule("quotation mark that is not closed")
def _(draw, record, table):
    row = a_row(draw, record, table)
    cells = raw_cells(record, table, row)
    at = draw(st.integers(0, len(cells) - 1))
    cells[at] = b'"' + cells[at].strip(b'"').replace(b'"', b"")
    return with_raw_line(record, table, row, b",".join(cells)), row, None, "quotation mark"


@file_rule("quotation mark within a cell")
def _(draw, record, table):
    row = a_row(draw, record, table)
    cells = raw_cells(record, table, row)
    at = draw(st.integers(0, len(cells) - 1))
    cells[at] = b"a" + draw(st.sampled_from([b'"', b'""', b'"b"'])) + cells[at].replace(b'"', b"").replace(b",", b"")
    return with_raw_line(record, table, row, b",".join(cells)), row, None, "quotation mark"


@file_rule("text behind a closing quotation mark")
def _(draw, record, table):
    row = a_row(draw, record, table)
    cells = raw_cells(record, table, row)
    at = draw(st.integers(0, len(cells) - 1))
    cells[at] = b'"a"' + draw(st.sampled_from([b"b", b" ", b"'"]))
    return with_raw_line(record, table, row, b",".join(cells)), row, None, "quotation mark"


@file_rule("other separators")
def _(draw, record, table):
    return record.content[table].replace(b",", draw(st.sampled_from([b";", b"\t"]))), 1, None, "separated by commas"


@file_rule("blank line")
def _(draw, record, table):
    row = draw(st.integers(2, record.last(table) + 1))
    lines = record.content[table].split(b"\n")
    lines.insert(row - 1, draw(st.sampled_from([b"", b"," * (len(record.lines[table][0]) - 1)])))
    return b"\n".join(lines), row, None, "blank"


@file_rule("cell missing or too many")
def _(draw, record, table):
    row = a_row(draw, record, table)
    cells = list(record.lines[table][row - 1])
    at = draw(st.integers(0, len(cells) - 1))
    if draw(st.booleans()):
        cells.insert(at, draw(st.sampled_from(["", "a"])))
    else:
        del cells[at]
    if not any(cells):
        reject()
    return with_raw_line(record, table, row, written(cells)), row, None, "cells where the header has"


def headed(record: Record, table: str, header: list[str]) -> bytes:
    return with_raw_line(record, table, 1, written(header))


@file_rule("column missing")
def _(draw, record, table):
    header = list(record.lines[table][0])
    gone = header.pop(draw(st.integers(0, len(header) - 1)))
    return headed(record, table, header), 1, gone, "missing"


@file_rule("column renamed")
def _(draw, record, table):
    header = list(record.lines[table][0])
    at = draw(st.integers(0, len(header) - 1))
    old = header[at]
    header[at] = draw(
        st.sampled_from([old.upper(), f"{old}s", old.replace("_", ""), f" {old}", old.title(), f"{old} "])
    )
    if header[at] == old or header[at] in record.lines[table][0]:
        reject()
    return headed(record, table, header), 1, old, "missing"


@file_rule("columns in another order")
def _(draw, record, table):
    header = list(record.lines[table][0])
    at = draw(st.integers(0, len(header) - 2))
    header[at : at + 2] = header[at + 1], header[at]
    return headed(record, table, header), 1, None, "another order"


@file_rule("column twice")
def _(draw, record, table):
    header = list(record.lines[table][0])
    header.insert(draw(st.integers(0, len(header))), draw(st.sampled_from(header)))
    return headed(record, table, header), 1, None, "repeated"


@file_rule("row twice")
def _(draw, record, table):
    row = a_row(draw, record, table)
    lines = record.content[table].split(b"\n")
    lines.insert(draw(st.sampled_from([row, len(lines) - 1])), lines[row - 1])
    return b"\n".join(lines), ANY, record.package.tables[table].primary_key[0], "the same as in the row"


@rule("table that the package does not name", "bytes")
def _(draw, record):
    folder, name = draw(st.sampled_from(["", "un/", "press/old/", "new/"])), draw(st.sampled_from(["votes2", "x"]))
    file = f"data/{folder}{name}.csv"
    return Mutant({file: b"id\na\n"}, (Place(file),), "not named", file)


# --- cells -----------------------------------------------------------------------------------------------------------


def cell_rule(
    name: str, fits: Callable[[Table, Field], bool], reason: str, values: Any, *, filled: bool = True
) -> None:
    """A rule that draws a place and puts what `values` draws there, given the cell and the column."""

    def drawn(draw: Any, record: Record) -> Mutant:
        table, column, row = place_in(draw, record, fits, filled=filled)
        typed = next(f for f in record.package.tables[table].fields if f.name == column)
        old = record.cell(table, row, column)
        value = draw(values(old, typed)) if callable(values) else draw(st.sampled_from(values))
        if value == old:
            reject()
        return changed_cell(record, table, column, row, value, reason)

    RULES.append(Rule(name, "cells", drawn))


def within(*texts: str) -> Any:
    """One of these texts, somewhere in a cell."""
    return lambda old, _: st.builds(
        lambda text, at: old[:at] + text + old[at:], st.sampled_from(texts), st.integers(0, len(old))
    )


def instead(pairs: dict[str, str]) -> Any:
    """A cell in which one of these letters is exchanged for another."""

    def values(old: str, _: Field) -> Any:
        at = [index for index, letter in enumerate(old) if letter in pairs]
        if not at:
            reject()
        return st.sampled_from(at).flatmap(
            lambda index: st.sampled_from(pairs[old[index]]).map(lambda new: old[:index] + new + old[index + 1 :])
        )

    return values


texts = of_type("string")
LOOKING_ALIKE = dict(
    zip(
        "ABCEHIKMOPSTXacegiopsuvwxy0123456789-",
        [
            "АΑＡ",
            "ВΒ",
            "СＣ",
            "ЕΕ",
            "НΗ",
            "ІΙ",
            "КΚ",
            "МΜ",
            "ОΟ",
            "РΡ",
            "Ѕ",
            "ТΤ",
            "ХΧ",
            "аａ",
            "с",
            "е",
            "ɡ",
            "і",
            "оο",
            "р",
            "ѕ",
            "υ",
            "ν",
            "ԝ",
            "х",
            "у",
            "٠０",
            "１١",
            "２",
            "３",
            "４",
            "５",
            "６",
            "７",
            "８",
            "９",
            "‐‑–−",
        ],
        strict=True,
    )
)
cell_rule("formula", texts, "spreadsheet", lambda old, _: st.sampled_from("=+-@＝＋－＠").map(lambda sign: sign + old))
cell_rule(
    "address that runs",
    texts,
    "browser would run",
    lambda old, _: st.sampled_from(
        ["javascript:alert(1)", "JaVaScRiPt:x", "vbscript:msgbox", "data:text/html,x"]
    ).flatmap(lambda new: st.sampled_from([new, f"{old} {new}", f"see ({new})"])),
)
cell_rule(
    "address of another kind",
    lambda _table, column: "http" in column.constraints.get("pattern", ""),
    "pattern|type is",
    [
        "ftp://un.org/a",
        "mailto:a@un.org",
        "file:///etc/passwd",
        "//un.org/a",
        "un.org",
        "https:/un.org",
        "https://un.org/a b",
        "HTTPS://un.org",
        "https://ün.org/a",
        "about:blank",
        "blob:https://un.org/x",
    ],
)
cell_rule(
    "markup", texts, "markup", within("<b>", "</p>", "<script>x</script>", "<!-- x -->", "<img src=x onerror=y>", "<?x")
)
cell_rule("entity", texts, "markup", within("&lt;", "&#60;", "&#x3c;", "&amp;", "&nbsp;", "&copy;", "&#X3C;", "&#106"))
cell_rule(
    "character that cannot be seen",
    lambda _table, _column: True,
    "cannot be seen",
    within(
        *"\0\x07\x1b\x7f\x85\t\xad\u034f\u061c\u115f\u180e\u200b\u200d\u200f\u2028\u202e\u2060\u2066\u3164\ufe0f\ufeff\ue000\ufffe\U000e0041"
    ),
)
cell_rule("letter that was lost", texts, "lost", within("\ufffd"))
cell_rule(
    "accent apart from its letter",
    texts,
    "normal form C",
    within("e\u0301", "A\u030a", "\u212b", "n\u0303", "\u1112\u1161"),
)
cell_rule("look-alike letter in a key", is_key, "", instead(LOOKING_ALIKE))
cell_rule(
    "look-alike letter in a word",
    is_prose,
    "another script",
    lambda old, _: st.sampled_from(["Pаris", "Ukrаine", "Τurkey", "Sуria", "vоte", "Сanada"]).map(
        lambda word: f"{old[:40].strip()} {word}"
    ),
)
cell_rule(
    "blanks around a cell",
    lambda _table, _column: True,
    "blanks around",
    lambda old, _: st.sampled_from([" ", "  ", "\xa0", "\u3000", "\u2009"]).flatmap(
        lambda blank: st.sampled_from([old + blank, blank + old])
    ),
)
cell_rule(
    "whole number written otherwise",
    of_type("integer"),
    "whole number",
    lambda old, _: st.sampled_from(
        [
            f"+{old}",
            f"0{old}",
            f"{old}.0",
            f"{old}e1",
            f"{old},0",
            "one",
            "１",
            "٣",
            "1_0",
            "0x1",
            "-0",
            "9" * 19,
            "NaN",
            "1 0",
            "½",
        ]
    ),
)
cell_rule(
    "yes and no in words", of_type("boolean"), "0 or 1", ["yes", "no", "true", "false", "TRUE", "2", "01", "-1", "1.0"]
)
cell_rule(
    "day written otherwise",
    of_type("date"),
    "date written as",
    [
        "2025-2-24",
        "2025-02-4",
        "24.02.2025",
        "2025/02/24",
        "20250224",
        "2025-02",
        "2025",
        "24 February 2025",
        "2025-02-24T00:00",
        "２025-02-24",
        "2025-02-24Z",
        "yesterday",
    ],
)
cell_rule(
    "day that is none",
    of_type("date"),
    "date",
    ["2025-02-30", "2025-13-01", "2025-00-10", "2025-04-31", "2023-02-29", "2025-01-00", "2000-99-99"],
)
cell_rule(
    "day too far off", of_type("date"), "years", ["1799-12-31", "0001-01-01", "2100-01-01", "9999-12-31", "2999-02-24"]
)
cell_rule(
    "day before the United Nations",
    lambda _table, column: column.type == "date" and "minimum" in column.constraints,
    "minimum",
    ["1945-10-23", "1900-01-01", "1800-01-01"],
)
cell_rule(
    "value outside the enumeration",
    has("enum"),
    "enum",
    lambda old, column: st.sampled_from(
        [old.upper(), old.title(), f"{old}s", f"{old}.", "none of these", old[:-1] or "x", "YES", "null"]
    ).filter(lambda value: value not in column.constraints["enum"]),
)
cell_rule(
    "text that does not fit its pattern",
    has("pattern"),
    "pattern|type is|blanks",
    lambda old, column: st.sampled_from(
        [f"{old}~ ~", f"_{old}", old[:-1], f"{old}!", old.lower(), old.upper(), f"{old}/", "x", "0", f"{old} {old}"]
    ).filter(
        lambda value: bool(value) and value == value.strip() and not re.fullmatch(column.constraints["pattern"], value)
    ),
)
cell_rule(
    "text too long",
    has("maxLength"),
    "maxLength|type is",
    lambda _, column: st.integers(1, 400).map(lambda more: "a" * (column.constraints["maxLength"] + more)),
)
cell_rule(
    "number too small",
    has("minimum"),
    "minimum",
    lambda _, column: (
        st.integers(1, 999).map(lambda less: str(column.constraints["minimum"] - less))
        if column.type == "integer"
        else reject()
    ),
)
cell_rule(
    "number too big",
    lambda _table, column: column.type == "integer" and "maximum" in column.constraints,
    "maximum",
    lambda _, column: st.integers(1, 999).map(lambda more: str(column.constraints["maximum"] + more)),
)
cell_rule("empty where it may not be", has("required"), "", [""])


@rule("value that another row has", "cells")
def _(draw, record):
    table, column, row = place_in(draw, record, lambda _table, column: bool(column.constraints.get("unique")))
    index = record.column(table, column)
    others = [
        line[index]
        for line in record.lines[table][1:]
        if line[index] and line[index] != record.cell(table, row, column)
    ]
    if not others:
        reject()
    value = draw(st.sampled_from(others))
    return changed_cell(record, table, column, row, value, "the same as", Place(record.path(table), ANY, column))


@rule("key that another row has", "cells")
def _(draw, record):
    table = record.package.tables[draw(st.sampled_from([name for name in record.filled() if record.last(name) > 2]))]
    one, other = draw(st.lists(st.integers(2, record.last(table.name)), min_size=2, max_size=2, unique=True))
    key = {column: record.cell(table.name, other, column) for column in table.primary_key}
    content = record.with_cells(table.name, one, **key)
    return changed_file(record, table.name, content, ANY, table.primary_key[0], "the same as in the row")


@rule("key that another row has in other letters", "cells")
def _(draw, record):
    table = draw(st.sampled_from([table for table in record.package.tables.values() if record.last(table.name) > 1]))
    row = draw(st.integers(2, record.last(table.name)))
    cells = list(record.lines[table.name][row - 1])
    column = draw(st.sampled_from(table.primary_key))
    at = record.column(table.name, column)
    cells[at] = draw(st.sampled_from([cells[at].lower(), cells[at].upper(), cells[at].title(), cells[at].swapcase()]))
    if cells == record.lines[table.name][row - 1]:
        reject()
    return changed_file(record, table.name, record.with_row(table.name, cells), record.last(table.name) + 1, column, "")


@rule("orphan", "cells")
def _(draw, record):
    keys = [
        (table, key)
        for table in record.package.tables.values()
        for key in table.foreign_keys
        if record.last(table.name) > 1
    ]
    table, key = draw(st.sampled_from(keys))
    column = draw(st.sampled_from(key.fields))
    rows = [
        row
        for row in range(2, record.last(table.name) + 1)
        if all(record.cell(table.name, row, part) for part in key.fields)
    ]
    if not rows:
        reject()
    row = draw(st.sampled_from(rows))
    old = record.cell(table.name, row, column)
    value = draw(st.sampled_from([old[:-1] + letter for letter in "XZ9q"] + [f"{old}-9", old.swapcase()]))
    others = [record.column(key.table, part) for part in key.references]
    present = {tuple(line[index] for index in others) for line in record.lines[key.table][1:]}
    wanted = tuple(value if part == column else record.cell(table.name, row, part) for part in key.fields)
    if value == old or wanted in present or key.table == table.name:
        reject()
    return changed_cell(record, table.name, column, row, value, "")


@rule("key that others lead to", "cells")
def _(draw, record):
    """A key changes its letters, and whoever leads to it is an orphan."""
    led = {
        (key.table, key.references[0])
        for table in record.package.tables.values()
        for key in table.foreign_keys
        if len(key.fields) == 1
    }
    table, column = draw(st.sampled_from(sorted(led)))
    row = draw(st.integers(2, record.last(table)))
    old = record.cell(table, row, column)
    leading = [
        Place(other.path, ANY, key.fields[0])
        for other in record.package.tables.values()
        for key in other.foreign_keys
        if key.table == table and key.references == (column,) and record.rows(other.name, **{key.fields[0]: old})
    ]
    if not leading:
        reject()
    new = old[:-1] + ("X" if old[-1] != "X" else "Y") if old.isupper() else f"{old}9"
    if record.rows(table, **{column: new}):
        reject()
    return changed_cell(record, table, column, row, new, "", *leading)


# --- harmless --------------------------------------------------------------------------------------------------------


@rule("rows in another order", "harmless")
def _(draw, record):
    table = draw(st.sampled_from([name for name in record.filled() if record.last(name) > 2]))
    header, *lines = record.content[table].rstrip(b"\n").split(b"\n")
    moved = draw(st.integers(1, len(lines) - 1))
    return Mutant({record.path(table): b"\n".join([header, *lines[moved:], *lines[:moved]]) + b"\n"}, what=table)


@rule("another text", "harmless")
def _(draw, record):
    table, column, row = place_in(draw, record, is_prose)
    words = [
        "A plain text.",
        "R&D & more",
        "1 < 2",
        "Україна та світ",
        "Côte d’Ivoire",
        "美俄",
        "a; b = c - d",
        'so-called "vote"',
        "the data: none",
        "Ünïcödé",
        "ქართული",
    ]
    value = draw(st.sampled_from(words))
    return Mutant(
        {record.path(table): record.with_cells(table, row, **{column: value})}, what=f"{table}.{column}: {value}"
    )


@rule("cells in quotation marks", "harmless")
def _(draw, record):
    table = draw(st.sampled_from(record.filled()))
    row = a_row(draw, record, table)
    line = b",".join(b'"' + cell.replace('"', '""').encode() + b'"' for cell in record.lines[table][row - 1])
    return Mutant({record.path(table): with_raw_line(record, table, row, line)}, what=f"{table}, row {row}")


@rule("another day", "harmless")
def _(draw, record):
    row = draw(st.integers(2, record.last("sources")))
    day = draw(st.dates(min_value=date(2026, 11, 22), max_value=date(2099, 12, 31)))
    return Mutant(
        {record.path("sources"): record.with_cells("sources", row, accessed_on=day.isoformat())}, what=f"{day}"
    )


# --- laws ------------------------------------------------------------------------------------------------------------


def law_rule(name: str, table: str, reason: str, change: Any, *told: str, **chosen: str) -> None:
    """A rule that gives a row of a table, one that has the `chosen` cells, other cells.

    `change` draws them from the row as it is. It is told in a column of the row, or at "table.column" of any row, each
    of `told` being one such place.
    """

    def drawn(draw: Any, record: Record) -> Mutant:
        row = draw(st.sampled_from(record.rows(table, **chosen)))
        old = dict(zip(record.lines[table][0], record.lines[table][row - 1], strict=True))
        cells = change(draw, old, record)
        if all(old[column] == value for column, value in cells.items()):
            reject()
        what = f"{record.path(table)}, row {row}: {cells}"
        files = {record.path(table): record.with_cells(table, row, **cells)}
        return Mutant(files, tuple(places_told(record, table, row, told)), reason, what)

    RULES.append(Rule(name, "laws", drawn))


def places_told(record: Record, table: str, row: int, told: tuple[str, ...]) -> Iterator[Place]:
    for column in told:
        other, _, of_other = column.rpartition(".")
        yield Place(record.path(other), ANY, of_other) if other else Place(record.path(table), row, column or None)


def one_of(column: str, *values: str) -> Any:
    return lambda draw, _old, _record: {column: draw(st.sampled_from(values))}


def added_to(column: str, least: int, most: int) -> Any:
    return lambda draw, old, _: {
        column: str(max(0, int(old[column] or 0) + draw(st.integers(least, most).filter(bool))))
    }


def all_of(**cells: str) -> Any:
    return lambda _draw, _old, _record: cells


def day_after(column: str, other: str) -> Any:
    return lambda draw, old, _: {column: f"{int(old[other][:4]) + draw(st.integers(1, 40))}-01-01"}


VOTES = ("yes", "no", "abstain", "not_voting")
GA, SC, AMENDMENT = "A-RES-ES-11-7", "S-RES-2774-2025", "S-PV-9866-vote-4"
ADDS_UP = (
    "roll_calls.official_yes",
    "roll_calls.official_no",
    "roll_calls.official_abstain",
    "roll_calls.official_not_voting",
)
TALLY = ("official_yes", "official_no", "official_abstain", "official_not_voting")

for roll_call in (GA, SC):
    law_rule(
        f"vote moved in {roll_call}",
        "votes",
        "official count",
        lambda draw, old, _: {
            "vote": draw(st.sampled_from([vote for vote in VOTES if vote not in (old["vote"], old["intended_vote"])]))
        },
        *ADDS_UP,
        roll_call_id=roll_call,
    )
for column in TALLY:
    law_rule(f"another {column}", "roll_calls", "official count", added_to(column, -9, 90), column, votes_known="all")
law_rule("tally above the members", "roll_calls", "add up to", added_to("official_abstain", 7, 150), "", id=AMENDMENT)
law_rule(
    "outcome against the tally",
    "roll_calls",
    "",
    one_of("outcome", "failed", "vetoed"),
    "outcome",
    "resolutions.outcome",
    votes_known="all",
)
law_rule(
    "veto without a no",
    "roll_calls",
    "",
    one_of("outcome", "adopted", "failed"),
    "outcome",
    "resolutions.outcome",
    id=AMENDMENT,
)
law_rule(
    "too few for a veto",
    "roll_calls",
    "is vetoed, but",
    one_of("official_yes", "4", "5", "6", "7", "8"),
    "outcome",
    id=AMENDMENT,
)
law_rule(
    "rule of the other body",
    "roll_calls",
    "rule of the body",
    one_of("majority_rule", "sc_substantive", "sc_procedural"),
    "majority_rule",
    body="GA",
)
law_rule(
    "rule of the Assembly in the Council",
    "roll_calls",
    "rule of the body",
    one_of("majority_rule", "ga_simple", "ga_two_thirds"),
    "majority_rule",
    body="SC",
)
law_rule(
    "the other body",
    "roll_calls",
    "",
    lambda draw, old, _: {"body": "SC" if old["body"] == "GA" else "GA"},
    "majority_rule",
    "votes_known",
    "resolutions.body",
)
law_rule(
    "votes known otherwise",
    "roll_calls",
    "votes_known|members have a vote",
    lambda draw, old, _: {"votes_known": draw(st.sampled_from(["all", "partial", "none"]))},
    "votes_known",
)
law_rule(
    "another day of the vote",
    "roll_calls",
    "",
    lambda draw, old, _: {
        "voted_on": draw(st.dates(min_value=date(1990, 1, 1), max_value=date(2026, 12, 31))).isoformat()
    },
    "voted_on",
    "resolutions.adopted_on",
    votes_known="all",
)
law_rule("text of a motion", "roll_calls", "has no text", one_of("kind", "procedure"), "resolution_id")
law_rule("text of none", "roll_calls", "needs its text", one_of("resolution_id", ""), "resolution_id")
law_rule(
    "mover that is no member",
    "roll_calls",
    "not in the members",
    one_of("moved_by", "XXX", "FRA|XXX", "EUR|GBR"),
    "moved_by",
)
law_rule("place of another vote", "roll_calls", "has the place", one_of("sequence", "1"), "roll_calls.sequence", id=SC)
law_rule(
    "key of another meeting",
    "roll_calls",
    "neither the key",
    lambda *_: {"meeting": "S/PV.9867", "resolution_id": SC},
    "id",
    id=AMENDMENT,
)
law_rule(
    "vote of a member without a seat",
    "votes",
    "was not on the Security Council",
    one_of("member_id", "UKR", "DEU", "TUR", "IND"),
    "member_id",
    roll_call_id=SC,
)
law_rule(
    "source that is not the roll call's",
    "votes",
    "not among the sources",
    one_of("source_id", "un-member-list-copy", "un-ga12677", "rferl-33326888"),
    "source_id",
)
law_rule(
    "intended vote that was cast",
    "votes",
    "what was recorded",
    lambda draw, old, _: {"intended_vote": old["vote"], "intended_source_id": old["source_id"]},
    "intended_vote",
)
law_rule(
    "intended vote without a source",
    "votes",
    "intended vote",
    lambda draw, old, _: {
        "intended_vote": draw(st.sampled_from([v for v in VOTES if v != old["vote"]])),
        "intended_source_id": "",
    },
    "intended_source_id",
)
law_rule(
    "member that joined later",
    "members",
    "was not a member",
    lambda draw, old, _: {"joined_on": draw(st.sampled_from(["2025-02-25", "2030-01-01", "2099-12-31"]))},
    "votes.member_id",
)
law_rule(
    "name of another member",
    "members",
    "stands for",
    lambda draw, old, record: {
        "aliases": draw(
            st.sampled_from([line[1] for line in record.lines["members"][1:] if line[1] != old["short_name"]])
        )
    },
    "members.aliases",
)
law_rule(
    "former name of another member",
    "member_names",
    "stands for",
    lambda draw, old, record: {
        "name": draw(st.sampled_from([line[1] for line in record.lines["members"][1:] if line[0] != old["member_id"]]))
    },
    "name",
)
law_rule(
    "former name that ended first",
    "member_names",
    "is before",
    lambda draw, old, _: {"valid_from": f"{int(old['valid_until'][:4]) + draw(st.integers(1, 40))}-01-01"},
    "valid_until",
)
law_rule(
    "term that ended first",
    "council_terms",
    "",
    lambda draw, old, _: {"valid_until": f"{int(old['valid_from'][:4]) - draw(st.integers(1, 20))}-01-01"},
    "valid_until",
    is_permanent="0",
)
law_rule(
    "term that ended early",
    "council_terms",
    "members hold",
    lambda draw, old, _: {"valid_until": draw(st.sampled_from(["2025-02-23", "2025-01-31"]))},
    "roll_calls.voted_on",
    is_permanent="0",
)
law_rule(
    "membership that ended first",
    "bloc_memberships",
    "is before",
    lambda draw, old, _: {"valid_until": f"{int(old['valid_from'][:4]) - draw(st.integers(1, 20))}-01-01"},
    "valid_until",
)
law_rule(
    "bloc that is derived", "blocs", "derived", one_of("kind", "m49_region", "m49_subregion", "regional_group"), "kind"
)
law_rule(
    "text submitted after the vote",
    "resolutions",
    "after the vote",
    lambda draw, old, _: {"submitted_on": f"{draw(st.integers(2026, 2099))}-01-01"},
    "submitted_on",
)
law_rule(
    "text adopted on another day",
    "resolutions",
    "the vote of",
    lambda draw, old, _: {"adopted_on": draw(st.sampled_from(["", "2025-02-25", "2025-02-23", "2024-02-24"]))},
    "adopted_on",
    outcome="adopted",
)
law_rule(
    "day of adoption of what was not adopted",
    "resolutions",
    "the vote of",
    one_of("adopted_on", "2025-02-24"),
    "adopted_on",
    outcome="vetoed",
)
law_rule(
    "another outcome of a text",
    "resolutions",
    "roll call",
    lambda draw, old, _: {"outcome": draw(st.sampled_from(["adopted", "failed", "vetoed"]))},
    "outcome",
)
law_rule(
    "symbol that makes another key",
    "resolutions",
    "makes",
    one_of("symbol", "A/RES/ES-11/70", "S/RES/2775 (2025)", "A/RES/ES-11.6"),
    "id",
    symbol_certain="1",
)
law_rule("certain of no symbol", "resolutions", "no symbol", one_of("symbol_certain", "1"), "symbol_certain", symbol="")
law_rule("amendment of nothing", "resolutions", "amendment", one_of("parent_id", ""), "parent_id", kind="amendment")
law_rule(
    "resolution that amends",
    "resolutions",
    "amendment",
    lambda draw, old, _: {"parent_id": old["id"]},
    "parent_id",
    kind="resolution",
)
law_rule(
    "series of another body",
    "resolutions",
    "series|body|in",
    lambda draw, old, _: {
        "series": draw(st.sampled_from(["emergency_session", "human_rights", "single", "security_council"]))
    },
    "series",
    "resolutions.series",
    body="SC",
)
law_rule(
    "adopted version of a text that was not adopted",
    "text_versions",
    "outcome of",
    lambda *_: {"resolution_id": AMENDMENT},
    "version",
    "provisions.resolution_id",
    version="adopted",
)
law_rule(
    "difference that is none",
    "source_differences",
    "what the record has",
    lambda draw, old, record: {
        "source_says": next(
            (
                record.cell("votes", row, "vote")
                for row in record.rows("votes", roll_call_id=old["roll_call_id"], member_id=old["member_id"])
            ),
            "18",
        )
    },
    "source_says",
)
law_rule(
    "article of another day",
    "articles",
    "outlet and date",
    lambda draw, old, _: {"published_on": draw(st.sampled_from(["", "2025-03", "2025-02-24", "1999-12"]))},
    "id",
    "claim_origins.origin_claim_id",
)
law_rule("article that nobody saw", "articles", "was not seen", one_of("seen", "not_seen"), "seen")
law_rule(
    "article coded before it was published",
    "articles",
    "before the publication",
    one_of("coded_on", "2024-01-01", "2025-01-31", "1999-12-31"),
    "coded_on",
)
for column in ("accessed_on", "text_sha256", "words", "chosen_for", "coded_on", "coder"):
    law_rule(
        f"article read without {column}",
        "articles",
        "is empty for an article that was read",
        all_of(seen="full_text", **{column: ""}),
        column,
    )
law_rule("claim of another position", "claims", "position", added_to("position", 30, 60), "id")
law_rule(
    "quote of more than twelve words",
    "claims",
    "words",
    lambda draw, old, _: {
        "quote": " ".join("abc"[: draw(st.integers(1, 3))] for _ in range(draw(st.integers(13, 30))))
    },
    "quote",
)
law_rule(
    "place that does not fit its quote", "claims", "locator spans", added_to("locator_end", -20, 300), "locator_end"
)
law_rule(
    "assessment that does not fit",
    "claims",
    "does not go with|assessed",
    one_of("assessment", "accurate_elsewhere", "not_checkable", "awaits_record"),
    "assessment",
    checkable="record",
)
law_rule(
    "opinion that is checkable",
    "claims",
    "for a claim of kind",
    one_of("kind", "opinion", "prediction"),
    "checkable",
    checkable="record",
)
law_rule(
    "claim for the record without checks",
    "claims",
    "has no check",
    all_of(checkable="record", assessment="complete"),
    "checkable",
    checkable="elsewhere",
)
law_rule(
    "checks of a claim that is not for the record",
    "claims",
    "has checks",
    lambda draw, old, _: draw(
        st.sampled_from(
            [
                {"checkable": "no", "assessment": "not_checkable"},
                {"checkable": "record_later", "assessment": "awaits_record"},
            ]
        )
    ),
    "checkable",
    checkable="record",
)
law_rule(
    "assessed elsewhere without a source",
    "claims",
    "source_id|is empty",
    one_of("source_id", ""),
    "source_id",
    checkable="elsewhere",
)
law_rule(
    "incomplete without a reason",
    "claims",
    "codebook",
    all_of(assessment="incomplete", rationale=""),
    "rationale",
    checkable="record",
)
law_rule(
    "check out of order",
    "checks",
    "comes next|",
    added_to("position", 3, 5),
    "position",
    "checks.position",
    "checks.alternative",
)
law_rule(
    "alternative alone",
    "checks",
    "only alternative",
    one_of("alternative", "1"),
    "alternative",
    position="1",
    alternative="0",
)
law_rule(
    "query that is not there",
    "checks",
    "no query",
    one_of("query_name", "who_won", "votes", "how_vote", "drop_table"),
    "query_name",
)
law_rule(
    "query without an answer",
    "checks",
    "declares no answer",
    one_of("query_name", "compare_members", "council_votes", "who_changed"),
    "query_name",
)
law_rule(
    "parameters that are no JSON of texts",
    "checks",
    "",
    one_of(
        "params",
        "{}",
        "{a}",
        '{"roll_call": 7}',
        '{"roll_call": null, "member": "USA"}',
        '{"roll_call": ["a"], "member": "USA"}',
        "{" + "[" * 100 + "}",
        '{"roll_call":"A-RES-ES-11-7","roll_call":"S-RES-2774-2025","member":"USA"}',
    ),
    "params",
)
law_rule(
    "key that is not there as a parameter",
    "checks",
    "is not in the",
    lambda draw, old, _: {
        "params": draw(
            st.sampled_from(
                [
                    old["params"].replace(GA, "A-RES-ES-11-99"),
                    old["params"].replace(GA, "a-res-es-11-7"),
                    old["params"].replace('"USA"', '"XXX"').replace('"RUS"', '"rus"'),
                ]
            )
        )
    },
    "params",
)
law_rule(
    "value of no enumeration as a parameter",
    "checks",
    "is not one of",
    lambda draw, old, _: {
        "params": re.sub('"vote": "[a-z]+"', f'"vote": "{draw(st.sampled_from(["maybe", "Yes", ""]))}"', old["params"])
    },
    "params",
    query_name="vote_count",
)
law_rule(
    "relation that does not fit the answer",
    "checks",
    "does not go with",
    one_of("relation", "includes", "excludes", "about", "more_than", "between"),
    "relation",
    query_name="how_voted",
)
law_rule(
    "stated value of another type",
    "checks",
    "",
    one_of("stated", "many", "93.5", "no one", "1e2", "93..", "٩٣", "93 "),
    "stated",
    query_name="vote_count",
)
law_rule(
    "stated bounds that are none",
    "checks",
    "",
    lambda draw, old, _: draw(
        st.sampled_from(
            [{"relation": "between", "stated": value} for value in ("93", "9..1", "1..2..3", "a..b")]
            + [{"relation": "about", "stated": value} for value in ("93", "93±-5", "93±", "93±a")]
        )
    ),
    "stated",
    query_name="vote_count",
)
law_rule(
    "coder of the article as the second",
    "codings",
    "coded the article itself|not found",
    lambda draw, old, record: {
        "coder": record.cell("articles", record.rows("articles", id=old["claim_id"][:-3])[0], "coder")
    },
    "coder",
    "coding_checks.coder",
)
law_rule(
    "second coding that does not fit",
    "codings",
    "",
    lambda draw, old, _: draw(
        st.sampled_from(
            [{"assessment": "not_checkable"}, {"checkable": "no", "assessment": "not_checkable"}, {"kind": "opinion"}]
        )
    ),
    "assessment",
    "checkable",
)
law_rule(
    "second check out of order",
    "coding_checks",
    "comes next",
    added_to("position", 3, 5),
    "position",
    "coding_checks.position",
)
law_rule("second check of no query", "coding_checks", "no query", one_of("query_name", "who_won", "x"), "query_name")
law_rule(
    "article that is its own origin",
    "article_origins",
    "origin of itself",
    lambda draw, old, _: {"origin_article_id": old["article_id"]},
    "origin_article_id",
)
law_rule(
    "claim that is its own origin",
    "claim_origins",
    "origin of itself|same article",
    lambda draw, old, _: {"origin_claim_id": draw(st.sampled_from([old["claim_id"], "new-york-parrot-2025-02-20"]))},
    "origin_claim_id",
)
law_rule(
    "correction of no table",
    "corrections",
    "is not a table",
    one_of("table_name", "polls", "Votes", "bloc_votes"),
    "table_name",
)
law_rule(
    "correction of no row",
    "corrections",
    "has no row",
    one_of("row_key", "a", "A-RES-ES-11-7", "A-RES-ES-11-7,ukrinform-3963958,x"),
    "row_key",
)
law_rule(
    "correction of no column",
    "corrections",
    "has no column",
    # A published one may be of a column that is gone since.
    lambda draw, old, _: {"column_name": draw(st.sampled_from(["cover", "Covers", "verdict"])), "release_id": ""},
    "column_name",
)
law_rule(
    "correction that is not shown",
    "corrections",
    "is not what",
    one_of("new_value", "", "tally", "Circumstances"),
    "new_value",
)
law_rule(
    "correction of another day than its key's",
    "corrections",
    "",
    one_of("corrected_on", "2026-11-23", "2026-11-21", "1999-01-01"),
    "id",
    "corrected_on",
)
law_rule("redirect of no table", "redirects", "is not a table", one_of("table_name", "polls", "Sources"), "table_name")
law_rule(
    "redirect from a key that is there",
    "redirects",
    "still has a row",
    lambda draw, old, _: {"old_key": old["new_key"]},
    "old_key",
)
law_rule(
    "redirect to nowhere",
    "redirects",
    "has no row",
    lambda draw, old, _: {"new_key": draw(st.sampled_from([old["old_key"], "nowhere", f"{old['new_key']},2"]))},
    "new_key",
)
law_rule(
    "vote before its source was looked at",
    "sources",
    "before",
    lambda draw, old, _: {"accessed_on": draw(st.sampled_from(["2025-02-23", "1999-12-31", "2014-01-01"]))},
    "accessed_on",
    id="undl-4076672",
)


@rule("vote left out", "laws")
def _(draw, record):
    row = draw(st.sampled_from([*record.rows("votes", roll_call_id=GA), *record.rows("votes", roll_call_id=SC)]))
    roll_call = record.rows("roll_calls", id=record.cell("votes", row, "roll_call_id"))[0]
    files = {record.path("votes"): record.without_row("votes", row)}
    return Mutant(
        files, (Place(record.path("roll_calls"), roll_call, "votes_known"),), "members have a vote", f"votes, row {row}"
    )


@rule("vote too many", "laws")
def _(draw, record):
    seated = {line[0] for line in record.lines["council_terms"][1:]}
    member = draw(st.sampled_from([line[0] for line in record.lines["members"][1:] if line[0] not in seated]))
    row = [SC, member, draw(st.sampled_from(VOTES)), "", "", "", "undl-4077111"]
    files = {record.path("votes"): record.with_row("votes", row)}
    return Mutant(files, (Place(record.path("votes"), record.last("votes") + 1, "member_id"),), "was not on", f"{row}")


@rule("term that overlaps", "laws")
def _(draw, record):
    row = draw(st.sampled_from(record.rows("council_terms", is_permanent="1")))
    cells = dict(zip(record.lines["council_terms"][0], record.lines["council_terms"][row - 1], strict=True))
    cells["valid_from"] = f"{draw(st.integers(1950, 2024))}-01-01"
    files = {record.path("council_terms"): record.with_row("council_terms", list(cells.values()))}
    return Mutant(
        files,
        (Place(record.path("council_terms"), record.last("council_terms") + 1, "valid_from"),),
        "overlaps",
        f"{cells}",
    )


@rule("check left out", "laws")
def _(draw, record):
    row = draw(st.integers(2, record.last("checks")))
    claim = record.rows("claims", id=record.cell("checks", row, "claim_id"))[0]
    places = (
        Place(record.path("claims"), claim, "checkable"),
        Place(record.path("checks"), ANY, "position"),
        Place(record.path("checks"), ANY, "alternative"),
    )
    if (
        len(record.rows("checks", claim_id=record.cell("checks", row, "claim_id"))) > 1
        and record.cell("checks", row, "position") != "1"
        and record.cell("checks", row, "alternative") == "0"
    ):
        reject()  # The last of several plain checks can be missed by nobody.
    return Mutant({record.path("checks"): record.without_row("checks", row)}, places, "", f"checks, row {row}")


# --- descriptors -----------------------------------------------------------------------------------------------------


def described(draw: Any, record: Record) -> tuple[str, dict[str, Any]]:
    path = draw(st.sampled_from(record.schema_paths()))
    return path, record.yaml(path)


def schema_rule(name: str, reason: str = "") -> Callable[[Any], Any]:
    """A rule that draws a schema and changes it in place, or returns other bytes; it is told of that file."""

    def register(change: Any) -> Any:
        def drawn(draw: Any, record: Record) -> Mutant:
            path, schema = described(draw, record)
            before = dumped(schema)
            returned = change(draw, schema, record)
            content = returned if isinstance(returned, bytes) else dumped(schema)
            if content == before:
                reject()
            return Mutant({path: content}, (Place(path, ANY, ANY),), reason, f"{path}: {returned or ''}")

        RULES.append(Rule(name, "descriptors", drawn))
        return change

    return register


def misspelt(draw: Any, mapping: dict[str, Any]) -> str:
    """Another spelling of one of the keys of a mapping, in its place."""
    key = draw(st.sampled_from(sorted(mapping)))
    new = draw(
        st.sampled_from([f"{key}s", key[:-1], key.upper(), key.lower(), f"{key[0]}{key}", f"x-{key}", key.title()])
    )
    if new in mapping or not new:
        reject()
    items = [(new if name == key else name, value) for name, value in mapping.items()]
    mapping.clear()
    mapping.update(items)
    return f"{key} spelt {new}"


def a_field(draw: Any, schema: dict[str, Any]) -> dict[str, Any]:
    return draw(st.sampled_from([*schema["fields"], *schema.get("computedFields", [])]))


@schema_rule("property of a schema misspelt")
def _(draw, schema, record):
    return misspelt(draw, schema)


@schema_rule("property of a column misspelt")
def _(draw, schema, record):
    return misspelt(draw, a_field(draw, schema))


@schema_rule("rule of a column misspelt")
def _(draw, schema, record):
    rules = [column["constraints"] for column in schema["fields"] if column.get("constraints")]
    return misspelt(draw, draw(st.sampled_from(rules)))


@schema_rule("reference misspelt")
def _(draw, schema, record):
    keys = schema.get("foreignKeys") or reject()
    key = draw(st.sampled_from(keys))
    return misspelt(draw, draw(st.sampled_from([key, key["reference"]])))


@schema_rule("property that Frictionless ignores", "not one here")
def _(draw, schema, record):
    name = draw(
        st.sampled_from(
            ["uniqueKeys", "missingValues", "checklist", "fieldsMatch", "$schema", "profile", "primarykey", "name"]
        )
    )
    schema[name] = draw(st.sampled_from([[["id"]], ["NA"], {}, "x", [""]]))
    return name


@schema_rule("property of a column that Frictionless ignores", "not one here")
def _(draw, schema, record):
    name = draw(
        st.sampled_from(
            [
                "categories",
                "categoriesOrdered",
                "missingValues",
                "rdfType",
                "example",
                "unique",
                "required",
                "bareNumber",
                "groupChar",
                "descriptio",
            ]
        )
    )
    a_field(draw, schema)[name] = draw(st.sampled_from([["a"], True, "x"]))
    return name


@schema_rule("rule that is not one here", "not one here")
def _(draw, schema, record):
    name = draw(
        st.sampled_from(["minLength", "exclusiveMinimum", "jsonSchema", "maxlength", "Required", "enumeration"])
    )
    a_field(draw, schema).setdefault("constraints", {})[name] = 1
    return name


@schema_rule("property that is needed left out")
def _(draw, schema, record):
    column = draw(st.sampled_from(schema["fields"]))
    part, key = draw(
        st.sampled_from(
            [
                (schema, "fields"),
                (schema, "primaryKey"),
                (column, "name"),
                (column, "title"),
                (column, "description"),
                (column, "type"),
            ]
        )
    )
    del part[key]
    return key


@schema_rule("property of another type")
def _(draw, schema, record):
    column = a_field(draw, schema)
    part = draw(st.sampled_from([schema, column, column.get("constraints") or schema]))
    key = draw(st.sampled_from(sorted(part)))
    kinds = {dict: {"a": 1}, list: [1, None], str: "x y", int: 5, type(None): None}
    part[key] = draw(st.sampled_from([value for kind, value in kinds.items() if not isinstance(part[key], kind)]))
    if key in ("description", "title") and isinstance(part[key], str):
        reject()
    return f"{key}: {part[key]}"


@schema_rule("key of a column that is not there", "not there")
def _(draw, schema, record):
    schema["primaryKey"] = [*schema["primaryKey"][1:], draw(st.sampled_from(["nothing", "ID", "id_"]))]


@schema_rule("key that may be empty", "not required")
def _(draw, schema, record):
    name = draw(st.sampled_from(schema["primaryKey"]))
    next(column for column in schema["fields"] if column["name"] == name)["constraints"].pop("required")


@schema_rule("reference to nowhere")
def _(draw, schema, record):
    key = draw(st.sampled_from(schema.get("foreignKeys") or reject()))
    change = draw(st.integers(0, 4))
    if change == 0:
        key["reference"]["resource"] = draw(st.sampled_from(["polls", "Sources", "bloc_votes"]))
    elif change == 1:
        key["reference"]["fields"] = ["nothing" for _ in key["reference"]["fields"]]
    elif change == 2:
        key["fields"] = ["nothing" for _ in key["fields"]]
    elif change == 3:
        key["reference"]["fields"] = [*key["reference"]["fields"], "source_id"]
    else:
        schema["foreignKeys"].remove(key)
        referring = {name for other in schema["foreignKeys"] for name in other["fields"]}
        if not any(name.endswith("_id") and name not in referring for name in key["fields"]):
            reject()
    return f"{change}: {key}"


@schema_rule("enumeration of yes and no as YAML reads them", "text|list|empty")
def _(draw, schema, record):
    columns = [column for column in schema["fields"] if "enum" in column.get("constraints", {})] or reject()
    draw(st.sampled_from(columns))["constraints"]["enum"] = draw(
        st.sampled_from([[True, False], [True, "no"], [None], [1, 2], []])
    )


@schema_rule("pattern that is none", "regular expression")
def _(draw, schema, record):
    columns = [column for column in schema["fields"] if column["type"] == "string"] or reject()
    draw(st.sampled_from(columns)).setdefault("constraints", {})["pattern"] = draw(
        st.sampled_from(["[A-Z", "(a", "a**", "*", "(?P<x", "\\", "a{2,1}"])
    )


@schema_rule("bound of another type", "bound|minimum above")
def _(draw, schema, record):
    columns = [column for column in schema["fields"] if column["type"] in ("integer", "date", "string", "boolean")]
    column = draw(st.sampled_from(columns))
    wrong = {"integer": ["x", "2025-01-01", True, 1.5], "date": [5, "2025-2-1", "2025-02-30", "x", True]}
    column.setdefault("constraints", {})["minimum"] = draw(
        st.sampled_from(wrong.get(column["type"], [1, "a", "2025-01-01"]))
    )
    return column["name"]


@schema_rule("column twice or with a name that is none")
def _(draw, schema, record):
    column = dict(draw(st.sampled_from(schema["fields"])))
    column["name"] = draw(st.sampled_from([column["name"], "a b", "x; drop table votes", "Ü", "1st", "a-b", ""]))
    schema["fields"].append(column)
    return column["name"]


BROKEN_YAML = [
    b"",
    b"- a\n- b\n",
    b"fields: [\n",
    b"a: b: c\n",
    b"\tfields: []\n",
    b"fields: &x [*x]\n",
    b"a: &a [x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nfields: [*c]\n",
    b"fields: !!python/object/apply:os.system [x]\n",
    b"title: a\ntitle: b\n",
    b"title: 2025-02-30\n",
    b"fields: " + b"[" * 3000 + b"]" * 3000 + b"\n",
    b"{" * 500,
    b"\xff\xfe",
    b"title: caf\xe9\n",
    b"--- a\n--- b\n",
    b"yes: 1\n",
    b"? [a]\n: b\n",
    b"null\n",
    b"5\n",
    b"text\n",
    b"a: \x00\n",
    b"%YAML 9.9\n---\na: 1\n",
    b"fields: !!timestamp x\n",
    b"fields: *nowhere\n",
]
DESCRIPTORS = [
    "datapackage.yaml",
    "metadata.yml",
    "archive/datapackage.yaml",
    "archive/schema/former_members.yaml",
    "schema/views/votes_named.yaml",
    "schema/derived/bloc_votes.yaml",
]


@rule("description that is not YAML, or not of one meaning", "descriptors")
def _(draw, record):
    path = draw(st.sampled_from([*record.schema_paths(), *DESCRIPTORS]))
    return Mutant({path: draw(st.sampled_from(BROKEN_YAML))}, (Place(path, ANY, ANY),), "", path)


@rule("description cut short", "descriptors")
def _(draw, record):
    path = draw(st.sampled_from(["datapackage.yaml", "archive/datapackage.yaml", "metadata.yml"]))
    content = (record.root / path).read_bytes()
    at = draw(st.integers(1, len(content) // 2))
    return Mutant({path: content[:at]}, (Place(path, ANY, ANY), Place("metadata.yml", ANY, ANY)), "", f"{path} at {at}")


@rule("description that is missing", "descriptors")
def _(draw, record):
    path = draw(st.sampled_from([*record.schema_paths(), *DESCRIPTORS[:4]]))
    return Mutant({path: None}, (Place(path, ANY, ANY),), "cannot be read", path)


def package_rule(name: str, reason: str = "", path: str = "datapackage.yaml") -> Callable[[Any], Any]:
    """A rule that draws a resource and changes it, or the package, in place."""

    def register(change: Any) -> Any:
        def drawn(draw: Any, record: Record) -> Mutant:
            descriptor = record.yaml(path)
            before = dumped(descriptor)
            resource = draw(st.sampled_from(descriptor["resources"]))
            what = change(draw, resource, descriptor)
            content = dumped(descriptor)
            if content == before:
                reject()
            return Mutant(
                {path: content},
                (Place(path, ANY, ANY), *(what if isinstance(what, tuple) else ())),
                reason,
                f"{path}: {what}",
            )

        RULES.append(Rule(f"{name} ({path})" if "archive" in path else name, "descriptors", drawn))
        return change

    return register


@package_rule("path outside the folder")
def _(draw, resource, descriptor):
    key = draw(st.sampled_from(["path", "schema"]))
    name = resource[key]
    resource[key] = draw(
        st.sampled_from(
            [
                f"../{name}",
                f"/etc/{name}",
                f"http://127.0.0.1/{name}",
                f"data/../{name}",
                f"file:///{name}",
                f"./{name}",
                name.replace("/", "\\"),
                f"{name}\n",
                name.upper(),
                [name],
                {"a": name},
            ]
        )
    )
    return resource[key] if isinstance(resource[key], str) else None


@package_rule("resource twice", "twice")
def _(draw, resource, descriptor):
    descriptor["resources"].insert(draw(st.integers(0, len(descriptor["resources"]))), copy.deepcopy(resource))


@package_rule("resource without its file")
def _(draw, resource, descriptor):
    key = draw(st.sampled_from(["path", "schema"]))
    end = ".csv" if key == "path" else ".yaml"
    resource[key] = resource[key].replace(end, f"-old{end}")
    return (Place(resource[key], ANY, ANY),)


@package_rule("property of a resource misspelt or left out")
def _(draw, resource, descriptor):
    if draw(st.booleans()):
        return misspelt(draw, resource)
    key = draw(st.sampled_from(sorted(resource)))
    del resource[key]
    return f"no {key}"


@package_rule("property of a resource that Frictionless ignores", "not one here")
def _(draw, resource, descriptor):
    name = draw(
        st.sampled_from(
            [
                "checklist",
                "mediatype",
                "profile",
                "hash",
                "bytes",
                "extrapaths",
                "compression",
                "innerpath",
                "layout",
                "uniqueKeys",
            ]
        )
    )
    resource[name] = draw(st.sampled_from(["x", 1, {"checks": []}, ["a"]]))
    return name


@package_rule("file described otherwise than it is read")
def _(draw, resource, descriptor):
    if draw(st.booleans()):
        resource["encoding"] = draw(st.sampled_from(["latin-1", "utf-16", "utf8", "", None]))
    else:
        resource["dialect"] = draw(
            st.sampled_from(
                [
                    {},
                    {"csv": {}},
                    {"csv": {"delimiter": ";"}},
                    {"header": False},
                    None,
                    {"csv": {**resource["dialect"]["csv"], "skipInitialSpace": True}},
                ]
            )
        )
    return f"{resource['encoding']} {resource['dialect']}"


@package_rule("property of a resource of another type")
def _(draw, resource, descriptor):
    key = draw(st.sampled_from(sorted(resource)))
    resource[key] = draw(st.sampled_from([5, None, True, [], {"a": 1}, ""]))
    return f"{key}: {resource[key]}"


@package_rule("package without resources, or of another shape")
def _(draw, resource, descriptor):
    change = draw(st.integers(0, 4))
    if change == 0:
        del descriptor["resources"]
    elif change == 1:
        descriptor["resources"] = draw(st.sampled_from([[], {}, None, "x", [None], ["votes"], [[]], 5]))
    elif change == 2:
        return misspelt(draw, descriptor)
    elif change == 3:
        descriptor["contributors"] = draw(st.sampled_from([[{}], ["a"], {}, [{"title": "a"}], 5]))
    else:
        descriptor["licenses"] = draw(st.sampled_from([["MIT"], {}, [{"licence": "x"}], 5]))


@package_rule("link of the package that leads to no page", "is not as it has to be")
def _(draw, resource, descriptor):
    link = draw(
        st.sampled_from(["javascript:alert(1)", "record.example", "//record.example", "https://", "https://a b"])
    )
    part, key = draw(
        st.sampled_from(
            [(descriptor, "homepage"), (descriptor["licenses"][0], "path"), (descriptor["contributors"][0], "path")]
        )
    )
    part[key] = link
    return f"{key}: {link}"


package_rule("property of a resource misspelt", path="archive/datapackage.yaml")(
    lambda draw, resource, _: misspelt(draw, resource)
)


def metadata_rule(name: str, reason: str = "") -> Callable[[Any], Any]:
    """A rule that draws a query and a database and changes metadata.yml in place."""

    def register(change: Any) -> Any:
        def drawn(draw: Any, record: Record) -> Mutant:
            metadata = record.yaml("metadata.yml")
            database = draw(st.sampled_from(["record", "record", "archive", "_memory"]))
            queries = metadata["databases"][database]["queries"]
            query = draw(st.sampled_from(sorted(queries)))
            what = change(draw, queries[query], metadata["databases"][database], query)
            return Mutant(
                {"metadata.yml": dumped(metadata)}, (Place("metadata.yml", ANY, ANY),), reason, f"{query}: {what}"
            )

        RULES.append(Rule(name, "descriptors", drawn))
        return change

    return register


@metadata_rule("query of a table or column that is not there", "no such|fails")
def _(draw, query, database, name):
    new = draw(st.sampled_from([r"from nowhere", r"from record.nowhere"]))
    query["sql"] = re.sub(r"(?i)\bfrom\s+[a-z_.]+", new, query["sql"], count=1)
    if new not in query["sql"]:
        reject()
    return query["sql"][:60]


@metadata_rule("query that does not parse", "fails")
def _(draw, query, database, name):
    query["sql"] = draw(
        st.sampled_from(
            [
                f"select ({query['sql']}",
                f"selct {query['sql']}",
                f"{query['sql']}; select 1",
                f"{query['sql']} wher 1",
                "select",
                f"{query['sql']} '",
            ]
        )
    )
    return query["sql"][:30]


@metadata_rule("query that asks for a parameter nobody gives", "fails")
def _(draw, query, database, name):
    query["sql"] = f"select * from ({query['sql']}) where :nobody_gives = 1"  # noqa: S608


@metadata_rule("query of a function that is not there", "fails")
def _(draw, query, database, name):
    query["sql"] = f"select {draw(st.sampled_from(['load_file', 'regexp', 'sqrt_of']))}(1) as answer"


@metadata_rule("property of a query misspelt, left out or of another type")
def _(draw, query, database, name):
    change = draw(st.integers(0, 2))
    if change == 0:
        return misspelt(draw, query)
    key = draw(st.sampled_from(["title", "description", "sql"]))
    if change == 1:
        del query[key]
    else:
        query[key] = draw(st.sampled_from([5, None, [], {}, True, ""]))
    return key


@metadata_rule("query of which nothing is said")
def _(draw, query, database, name):
    database["queries"][name] = draw(st.sampled_from([None, "select 1", [], 5]))


@metadata_rule("parameter whose values are nowhere")
def _(draw, query, database, name):
    rules = [
        {"table": "polls"},
        {"enumeration": "votes.colour"},
        {"enumeration": "votes"},
        {"form": "number"},
        {},
        None,
        [],
        {"tabel": "votes"},
    ]
    query.setdefault("parameters", {})[draw(st.sampled_from(["x", "member"]))] = draw(st.sampled_from(rules))


@metadata_rule("answer that is none")
def _(draw, query, database, name):
    query["answer"] = draw(
        st.sampled_from(
            [
                {"type": "bool"},
                {},
                None,
                "string",
                {"type": "string", "enum": []},
                {"type": "string", "enum": [True]},
                {"typ": "string"},
            ]
        )
    )


@metadata_rule("example of no parameter")
def _(draw, query, database, name):
    query["example"] = draw(st.sampled_from([{"nothing": "x"}, {"member": 5}, ["USA"], "USA"]))


@metadata_rule("table that is none, or set up wrongly")
def _(draw, query, database, name):
    tables = database["tables"]
    table = draw(st.sampled_from(sorted(tables) or ["polls"]))
    settings = [
        {"facets": ["nothing"]},
        {"facets": "kind"},
        {"sort": "nothing"},
        {"sort": 5},
        {"label_column": "x"},
        {"page": {"a": "no_query"}},
        {"page": []},
        {"facet": []},
        None,
        [],
    ]
    if draw(st.booleans()) or table not in tables:
        tables["polls"] = {"sort": "id"}
    else:
        tables[table] = draw(st.sampled_from(settings))


@rule("property that would have a page fetch from elsewhere, or close it", "descriptors")
def _(draw, record):
    metadata = record.yaml("metadata.yml")
    database = draw(st.sampled_from(sorted(metadata["databases"].values(), key=lambda each: each["title"])))
    parts = [metadata, database, *database["tables"].values(), *database["queries"].values()]
    # As often of the whole as of one of the hundred queries.
    part = draw(st.one_of(st.sampled_from(parts[:2]), st.sampled_from(parts)))
    properties = [
        ("extra_css_urls", ["https://evil.example/x.css"]),
        ("extra_css_urls", ["//evil.example/x.css"]),
        ("extra_css_urls", [{"url": "/static/site.css"}]),
        ("extra_css_urls", 5),
        ("extra_js_urls", ["https://evil.example/x.js"]),
        ("about_url", "javascript:alert(1)"),
        ("license_url", "//evil.example"),
        ("allow_sql", False),
        ("allow", {"id": "root"}),
        ("plugins", {}),
    ]
    key, value = draw(st.sampled_from(properties))
    part[key] = value
    return Mutant({"metadata.yml": dumped(metadata)}, (Place("metadata.yml", ANY, ANY),), "", f"{key}: {value}")


@metadata_rule("query named like a table")
def _(draw, query, database, name):
    database["queries"][draw(st.sampled_from(sorted(database["tables"]) or ["Votes"]))] = query


@rule("view or derivation that does not run", "descriptors")
def _(draw, record):
    folder = draw(st.sampled_from(["schema/views", "schema/derived", "archive/schema/views"]))
    path = draw(st.sampled_from(sorted((record.root / folder).glob("*.sql"))))
    name = path.relative_to(record.root).as_posix()
    text = path.read_text(encoding="utf-8")
    new = draw(
        st.sampled_from(
            [
                re.sub(r"(?m)^([^-\n]*)\bfrom\s+[a-z_]+", r"\1from nowhere", text, count=1),
                re.sub(r"(?m)^([^-\n]*)\bselect\b", r"\1selct", text, count=1),
                f"{text} selct",
                "",
            ]
        )
    )
    if new == text or (not new.strip() and "derived" in name):
        reject()
    # SQLite tells the first view or query that draws on it.
    drawing_on_it = [other for other in path.parent.glob("*.sql") if path.stem in other.read_text(encoding="utf-8")]
    places = [Place(other.relative_to(record.root).as_posix(), ANY, ANY) for other in drawing_on_it]
    places += [Place(name, ANY, ANY), Place("metadata.yml", ANY, ANY)]
    return Mutant({name: new.encode()}, tuple(places), "", f"{name}: {new[:40]!r}")


@rule("another title", "harmless")
def _(draw, record):
    path, schema = described(draw, record)
    a_field(draw, schema)[draw(st.sampled_from(["title", "description"]))] = draw(
        st.sampled_from(["Another", "Ein anderer Titel", "Some & more"])
    )
    return Mutant({path: dumped(schema)}, what=path)


@rule("room for longer texts", "harmless")
def _(draw, record):
    path, schema = described(draw, record)
    columns = [column for column in schema["fields"] if "maxLength" in column.get("constraints", {})] or reject()
    draw(st.sampled_from(columns))["constraints"]["maxLength"] += draw(st.integers(1, 900))
    return Mutant({path: dumped(schema)}, what=path)


@rule("query told in other words", "harmless")
def _(draw, record):
    metadata = record.yaml("metadata.yml")
    queries = metadata["databases"][draw(st.sampled_from(["record", "archive"]))]["queries"]
    query = queries[draw(st.sampled_from(sorted(queries)))]
    query["description"], query["sql"] = "In other words.", f"{query['sql']}\n"
    return Mutant({"metadata.yml": dumped(metadata)}, what="metadata.yml")
