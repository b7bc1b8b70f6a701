"""Dialects: a query in SQLite's SQL, as text that DuckDB or Spark answers the same.

sqlglot translates the grammar. What it lets pass with another answer is put right here, each step saying why; what is
not known to be answered the same is refused. The steps need the type of every expression, which sqlglot works out from
the tables' columns. Both engines see a table as SQLite stores it: a day is a text, a boolean is 0 or 1.
"""

import string
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from scripts.package import Table

Dialect = Literal["duckdb", "spark"]
TYPES = {"string": "TEXT", "date": "TEXT", "boolean": "BIGINT", "integer": "BIGINT", "number": "DOUBLE"}
EPOCH = "1970-01-01"
EPOCH_IN_JULIAN_DAYS = "2440587.5E0"
WHOLE_NUMBER = "^ *[+-]?[0-9]+"
NUMBER = "^ *[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?"
PLACE = "_place"
# Functions that all three engines answer alike, or that a step below makes so; any other is refused.
KNOWN_FUNCTIONS = (
    exp.Abs, exp.And, exp.Avg, exp.Case, exp.Cast, exp.Coalesce, exp.Count, exp.DenseRank, exp.Exists, exp.Greatest,
    exp.GroupConcat, exp.If, exp.JSONArrayAgg, exp.JSONExtractScalar, exp.JSONObject, exp.Lag, exp.Lead, exp.Least,
    exp.Length, exp.Lower, exp.Max, exp.Min, exp.Nullif, exp.Or, exp.Rank, exp.Replace, exp.Round, exp.RowNumber,
    exp.StrPosition, exp.Substring, exp.Sum, exp.Trim, exp.TryCast, exp.Upper,
)  # fmt: skip
CONDITIONS = (exp.Predicate, exp.Connector, exp.Not, exp.Boolean, exp.Escape)
COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)


class NotPortableError(Exception):
    """A query says something that is not known to be answered alike; the message says what."""


def translate(sql: str, tables: Iterable[Table], dialect: Dialect) -> str:
    """A query over the tables in another dialect, its parameters as named ones of that dialect.

    NotPortableError where it cannot be said the same there.
    """
    tables = list(tables)
    try:
        tree = sqlglot.parse_one(sql, read="sqlite")
        for prepare in PREPARATIONS:
            prepare(tree, dialect)
        _refuse_unknown(tree)
        columns: dict[str, object] = {
            table.name: {field.name: TYPES[field.type] for field in table.fields} for table in tables
        }
        tree = qualify(tree, schema=columns, dialect="sqlite", quote_identifiers=False)
        tree = annotate_types(tree, schema=columns, dialect="sqlite")
    except SqlglotError as error:
        raise NotPortableError(f"is not understood: {error}") from error
    _columns_beside_aggregates(tree, {table.name: table.primary_key for table in tables})
    for step in STEPS:
        step(tree, dialect)
    return tree.sql(dialect)


# --- before the types are known ---


def _parameters_are_texts(tree: exp.Expr, dialect: Dialect) -> None:
    """A parameter of a URL is a text; unless that is said, the engines guess its type from its neighbours."""
    for node in tree.find_all(exp.Placeholder):
        node.replace(exp.cast(node.copy(), "TEXT"))


def _days(tree: exp.Expr, dialect: Dialect) -> None:
    """`date(x, '+0 days') is x` asks whether a text is a day; both engines can try to read it as one.

    SQLite makes other days of days that are none, which the other engines do not, so date() is known in this question
    only.
    """
    for node in list(tree.find_all(exp.Anonymous, exp.Date)):
        if node.name.lower() != "date" and not isinstance(node, exp.Date):
            continue
        arguments = node.expressions
        asks = node.parent if isinstance(node.parent, exp.NullSafeEQ | exp.NullSafeNEQ) else None
        if (
            asks is None
            or [*arguments[1:], asks.this] != [exp.Literal.string("+0 days"), node]
            or (asks.expression != arguments[0])
        ):
            raise NotPortableError("uses date(), which is known only in date(x, '+0 days') is x")
        node.replace(exp.cast(exp.TryCast(this=arguments[0].copy(), to=exp.DataType.build("DATE")), "TEXT"))


def _days_since(tree: exp.Expr, dialect: Dialect) -> None:
    """julianday() is SQLite's; both engines count the days since a day."""
    for node in list(tree.find_all(exp.Anonymous)):
        if node.name.lower() == "julianday" and len(node.expressions) == 1:
            day = exp.TryCast(this=node.expressions[0].copy(), to=exp.DataType.build("DATE"))
            if dialect == "duckdb":
                days = exp.Anonymous(this="date_diff", expressions=[exp.Literal.string("day"), _date(EPOCH), day])
            else:
                days = exp.Anonymous(this="datediff", expressions=[day, _date(EPOCH)])
            since = exp.Add(this=_made(exp.cast(days, "DOUBLE")), expression=exp.Literal.number(EPOCH_IN_JULIAN_DAYS))
            node.replace(exp.paren(since, copy=False))


def _date(day: str) -> exp.Expr:
    return exp.TryCast(this=exp.Literal.string(day), to=exp.DataType.build("DATE"))


def _refuse_unknown(tree: exp.Expr) -> None:
    """Every function is one of which it is known what the engines answer."""
    for node in tree.find_all(exp.Func, exp.Glob, exp.Match, exp.RegexpLike, exp.Collate):
        written_here = node.parent is not None and node.parent.meta.get("made")
        if not written_here and not isinstance(node, KNOWN_FUNCTIONS):
            name = node.name if isinstance(node, exp.Anonymous) else node.sql("sqlite")
            raise NotPortableError(f"uses {name}, of which it is not known that the engines answer alike")


# --- with the types known ---


def _columns_beside_aggregates(tree: exp.Expr, keys: Mapping[str, tuple[str, ...]]) -> None:
    """SQLite lets a column stand beside aggregates; the others do not, unless it is said that any row's value will do.

    That is said only where the groups hold one value each: the column is one of a row whose key is grouped by.
    """
    for select in list(tree.find_all(exp.Select)):
        grouped = select.args.get("group")
        expressions = grouped.expressions if grouped else []
        if not grouped and not any(_aggregates(select)):
            continue
        fixed = _fixed_columns(select, keys, expressions)
        ordered = select.args["order"].expressions if select.args.get("order") else []
        for column in [c for part in [*select.expressions, *ordered] for c in _bare_columns(part, expressions)]:
            if column.table and not fixed(column):
                raise NotPortableError(
                    f"has {column.sql('sqlite')} beside aggregates, of which a group may have several"
                )
            if column.table:
                column.replace(exp.AnyValue(this=column.copy()))


def _aggregates(select: exp.Select) -> Iterator[exp.Expr]:
    """The aggregates that make one row of many, those over windows not among them."""
    for part in select.expressions:
        for node in part.walk(prune=lambda n: isinstance(n, exp.Query)):
            if isinstance(node, exp.AggFunc) and not _is_windowed(node):
                yield node


def _is_windowed(node: exp.Expr) -> bool:
    outer = node.parent.parent if isinstance(node.parent, exp.Filter) else node.parent
    return isinstance(outer, exp.Window)


def _bare_columns(part: exp.Expr, grouped: list[exp.Expr]) -> list[exp.Column]:
    """The columns of an expression that stand in no aggregate and are not what is grouped by."""

    def closed(node: exp.Expr) -> bool:
        """Whether nothing below is a column of the rows themselves."""
        if node in grouped or isinstance(node, exp.Query):
            return True
        return isinstance(node, exp.Filter | exp.AggFunc) and not _is_windowed(node)

    if closed(part):
        return []
    return [n for n in part.walk(prune=closed) if isinstance(n, exp.Column) and not closed(n)]


def _fixed_columns(
    select: exp.Select, keys: Mapping[str, tuple[str, ...]], grouped: list[exp.Expr]
) -> Callable[[exp.Column], bool]:
    """Whether a column has one value in a group: it is grouped by, equal to such a one, or of a row whose key is."""
    sources = [select.args["from_"].this] if select.args.get("from_") else []
    joins = select.args.get("joins") or []
    sources += [join.this for join in joins]
    of = {source.alias_or_name: keys.get(source.name, ()) for source in sources if isinstance(source, exp.Table)}
    equal = [equality for join in joins for equality in _all_of(join.args.get("on")) if isinstance(equality, exp.EQ)]
    known = {(column.table, column.name) for column in grouped if isinstance(column, exp.Column)}

    def fixed(node: exp.Expr) -> bool:
        """Whether an expression has one value in a group."""
        if isinstance(node, exp.Column):
            key = of.get(node.table, ())
            return (node.table, node.name) in known or (
                bool(key) and known.issuperset((node.table, name) for name in key)
            )
        return not node.find(exp.Column, exp.Query)

    before = -1
    while before != len(known):
        before = len(known)
        for equality in equal:
            for one, other in ((equality.this, equality.expression), (equality.expression, equality.this)):
                if isinstance(one, exp.Column) and fixed(other):
                    known.add((one.table, one.name))
    return fixed


def _all_of(condition: exp.Expr | None) -> Iterator[exp.Expr]:
    """The conditions that all have to hold."""
    if isinstance(condition, exp.Paren | exp.And):
        yield from _all_of(condition.this)
        yield from _all_of(condition.args.get("expression"))
    elif condition is not None:
        yield condition


def _lists_in_order(tree: exp.Expr, dialect: Dialect) -> None:
    """group_concat() takes rows in the order in which they come, which only SQLite keeps.

    The order of the query that it reads from becomes the aggregate's own. A list in JSON is such a list in brackets.
    """
    for node in list(tree.find_all(exp.GroupConcat, exp.JSONArrayAgg)):
        if isinstance(node.this, exp.Distinct):
            raise NotPortableError("uses group_concat(distinct …), whose order nothing states")
        place = exp.Ordered(this=_place_in_source(node), nulls_first=dialect == "spark")
        of_json = isinstance(node, exp.JSONArrayAgg)
        if of_json and not isinstance(node.this, exp.JSONObject):
            raise NotPortableError("uses json_group_array() of something else than json_object()")
        text = node.this if of_json or _is_text(node.this) else exp.cast(node.this, "TEXT")
        separator = node.args.get("separator") or exp.Literal.string(",")
        listed: exp.Expr = exp.GroupConcat(this=exp.Order(this=text, expressions=[place]), separator=separator)
        if of_json:
            items = exp.Coalesce(this=listed, expressions=[exp.Literal.string("")])
            listed = exp.DPipe(
                this=exp.DPipe(this=exp.Literal.string("["), expression=items), expression=exp.Literal.string("]")
            )
        _put(node, listed)


def _place_in_source(node: exp.Expr) -> exp.Column:
    """A column with the place of each row, which the query that an aggregate reads from gets from its own order."""
    select = node.parent_select
    source = select.args["from_"].this if select and not select.args.get("joins") and select.args.get("from_") else None
    query = _source_query(source)
    if source is None or not isinstance(query, exp.Select) or query.args.get("limit") or query.args.get("distinct"):
        raise NotPortableError(f"uses {node.sql('sqlite')} over rows whose order nothing states")
    if PLACE not in query.named_selects:
        if not query.args.get("order"):
            raise NotPortableError(f"uses {node.sql('sqlite')} over rows whose order nothing states")
        keys = [_unaliased(key, query) for key in query.args["order"].expressions]
        window = exp.Window(this=exp.RowNumber(), order=exp.Order(expressions=keys), over="OVER")
        query.select(exp.alias_(window, PLACE), copy=False)
        # The place says it all; Spark stumbles over an order by what a query with groups does not select.
        query.set("order", None)
    return exp.column(PLACE, table=source.alias_or_name)


def _source_query(source: exp.Expr | None) -> exp.Expr | None:
    """The query that a source of rows stands for: a subquery, or the common table that it names."""
    if source is None or isinstance(source, exp.Subquery):
        return source.this if source else None
    scope = source.parent
    while scope is not None:
        for common in scope.args["with_"].expressions if scope.args.get("with_") else []:
            if common.alias == source.name:
                return common.this
        scope = scope.parent
    return None


def _unaliased(key: exp.Ordered, query: exp.Select) -> exp.Ordered:
    """What a query is ordered by, an alias written out: a window does not see it."""
    key = key.copy()
    for column in list(key.find_all(exp.Column)):
        named = next((s for s in query.selects if s.alias == column.name), None)
        if not column.table and named is not None:
            column.replace(named.unalias().copy())
    return key


def _json_objects(tree: exp.Expr, dialect: Dialect) -> None:
    """json_object() is a text in SQLite, a type in DuckDB; Spark makes it of a struct, and leaves out what is null."""
    for node in _within(tree, exp.JSONObject):
        if dialect == "duckdb":
            _put(node, exp.cast(node.copy(), "TEXT"))
        else:
            named = [part for pair in node.expressions for part in (pair.this, pair.expression)]
            kept = sqlglot.parse_one("map('ignoreNullFields', 'false')", read="spark")
            struct = exp.Anonymous(this="named_struct", expressions=named)
            _put(node, exp.Anonymous(this="to_json", expressions=[struct, kept]))


def _json_values(tree: exp.Expr, dialect: Dialect) -> None:
    """A value of a JSON text is a number or a text as it stands in SQLite, a text in the others: a cast says which."""
    for node in _within(tree, exp.JSONExtractScalar):
        if not isinstance(node.parent, exp.Cast):
            raise NotPortableError("takes a value out of JSON without a cast that says its type")
        node.type = exp.DataType.build("TEXT")


def _divisions(tree: exp.Expr, dialect: Dialect) -> None:
    """Whole numbers divided are a whole number in SQLite, cut off at the point, and a fraction in the others."""
    for node in _within(tree, exp.Div):
        first, second = node.this, node.args["expression"]
        if _is_whole(first) and _is_whole(second):
            _put(node, exp.IntDiv(this=first, expression=second))
        elif _is_number(first) and _is_number(second):
            # DuckDB calls a fraction by zero infinite, unless this is safe.
            _put(node, exp.Div(this=first, expression=second, typed=False, safe=True))
        else:
            raise NotPortableError(f"divides {node.sql('sqlite')}, of which the types are not known")


def _rounding(tree: exp.Expr, dialect: Dialect) -> None:
    """DuckDB multiplies before it rounds, so that 0.285 becomes 0.28; SQLite and Spark round what is written."""
    for node in _within(tree, exp.Round):
        places = node.args.get("decimals") or exp.Literal.number(0)
        if not (_is_number(node.this) or isinstance(node.this, exp.Null)) or not isinstance(places, exp.Literal):
            raise NotPortableError(f"uses {node.sql('sqlite')}, which is not of a number to a number of places")
        number = exp.cast(node.this.copy(), "DOUBLE")
        if dialect == "duckdb":
            number = exp.cast(exp.cast(number, "TEXT"), "DECIMAL(38, 15)")
        _put(node, exp.cast(exp.Round(this=number, decimals=places.copy()), "DOUBLE"))


def _fractions(tree: exp.Expr, dialect: Dialect) -> None:
    """1.5 is a floating number in SQLite, and a decimal one, with few digits after a division, in the others."""
    for node in _within(tree, exp.Literal):
        if not node.is_string and "." in node.name and "e" not in node.name.lower():
            _put(node, exp.Literal.number(f"{node.name}E0"))


def _letter_case(tree: exp.Expr, dialect: Dialect) -> None:
    """SQLite's LIKE takes a and A for the same, in ASCII only, and lower() and upper() know no other letters."""
    for node in _within(tree, exp.Like):
        node.set("this", _translated(node.this, string.ascii_uppercase, string.ascii_lowercase))
        node.set("expression", _translated(node.expression, string.ascii_uppercase, string.ascii_lowercase))
        if dialect == "spark" and not isinstance(node.parent, exp.Escape):
            # A backslash escapes in Spark where nothing else is said.
            _put(node, exp.Escape(this=node.copy(), expression=exp.Literal.string("\x01")))
    for node in _within(tree, exp.Lower):
        _put(node, _translated(node.this, string.ascii_uppercase, string.ascii_lowercase))
    for node in _within(tree, exp.Upper):
        _put(node, _translated(node.this, string.ascii_lowercase, string.ascii_uppercase))


def _translated(text: exp.Expr, old: str, new: str) -> exp.Expr:
    arguments = [text.copy(), exp.Literal.string(old), exp.Literal.string(new)]
    translated = exp.Anonymous(this="translate", expressions=arguments)
    translated.type = exp.DataType.build("TEXT")
    return translated


def _greatest(tree: exp.Expr, dialect: Dialect) -> None:
    """max(a, b) of SQLite is null where one is null; Spark's greatest() passes over it."""
    for node in _within(tree, (exp.Greatest, exp.Least)):
        if dialect == "spark":
            parts = [node.this, *node.expressions]
            missing = exp.or_(*(part.copy().is_(exp.null()) for part in parts))
            _put(node, exp.Case(ifs=[exp.If(this=missing, true=exp.null())], default=node.copy()))


def _casts(tree: exp.Expr, dialect: Dialect) -> None:
    """SQLite reads a number from the beginning of a text, 0 where there is none, and cuts off a fraction."""
    for node in _within(tree, exp.Cast):
        of, to = node.this, node.args["to"]
        whole = to.is_type(*exp.DataType.INTEGER_TYPES)
        if (
            node.meta.get("made")
            or isinstance(node, exp.TryCast)
            or not (whole or to.is_type(*exp.DataType.REAL_TYPES))
        ):
            continue
        kind = "BIGINT" if whole else "DOUBLE"
        if _is_text(of):
            found = exp.Anonymous(
                this="regexp_extract",
                expressions=[of.copy(), exp.Literal.string(WHOLE_NUMBER if whole else NUMBER), exp.Literal.number(0)],
            )
            read = exp.Coalesce(
                this=exp.TryCast(this=found, to=exp.DataType.build(kind)),
                expressions=[exp.cast(exp.Literal.number(0), kind)],
            )
            _put(node, exp.Case(ifs=[exp.If(this=of.copy().is_(exp.null()), true=exp.null())], default=read))
        elif not _is_number(of) and not isinstance(of, exp.Null):
            raise NotPortableError(f"casts {of.sql('sqlite')}, of which the type is not known")
        elif whole and not _is_whole(of) and dialect == "duckdb":
            _put(node, exp.cast(exp.Anonymous(this="trunc", expressions=[of.copy()]), kind))
        else:
            _put(node, exp.cast(of.copy(), kind))


def _numbers_beside_texts(tree: exp.Expr, dialect: Dialect) -> None:
    """A text beside a column of numbers is read as a number by SQLite; one that is no number is more than any."""
    for node in _within(tree, (*COMPARISONS, exp.In, exp.Between, exp.NullSafeEQ, exp.NullSafeNEQ)):
        sides = [node.this, *node.expressions, *(node.args.get(key) for key in ("expression", "low", "high"))]
        if not (any(map(_is_text, sides)) and any(map(_is_number, sides))):
            continue
        left, right = node.this, node.args.get("expression")
        column, text = (left, right) if _is_number(left) else (right, left)
        if not isinstance(node, COMPARISONS) or not isinstance(column, exp.Column) or text is None:
            raise NotPortableError(f"compares a number with a text: {node.sql('sqlite')}")
        number = exp.TryCast(this=text.copy(), to=exp.DataType.build("DOUBLE"))
        first, second = (column, number) if column is left else (number, column)
        compared = type(node)(this=first.copy(), expression=second.copy())
        text_is_more = (exp.LT, exp.LTE) if column is left else (exp.GT, exp.GTE)
        known = exp.and_(
            exp.EQ(this=column.copy(), expression=column.copy()), exp.EQ(this=text.copy(), expression=text.copy())
        )
        if isinstance(node, (exp.NEQ, *text_is_more)):
            _put(node, exp.paren(exp.and_(exp.Coalesce(this=compared, expressions=[exp.true()]), known)))
        else:
            _put(node, exp.paren(exp.or_(exp.Coalesce(this=compared, expressions=[exp.false()]), exp.not_(known))))


def _parts_of_texts(tree: exp.Expr, dialect: Dialect) -> None:
    """substr() from the end, or from before the beginning, has three answers; only a beginning from 1 on has one."""
    for node in _within(tree, exp.Substring):
        start = node.args.get("start")
        if not (isinstance(start, exp.Literal) and not start.is_string and int(start.name) >= 1):
            raise NotPortableError(f"uses {node.sql('sqlite')}, whose beginning is not a number from 1 on")


def _one_type(tree: exp.Expr, dialect: Dialect) -> None:
    """A cell is a number or a text by the row in SQLite only; the others have one type a column."""
    for node in _within(tree, (exp.Case, exp.Coalesce)):
        values = [branch.args.get("true") for branch in node.args.get("ifs") or []] + [node.args.get("default")]
        values = [node.this, *node.expressions] if isinstance(node, exp.Coalesce) else values
        if any(map(_is_text, values)) and any(map(_is_number, values)):
            raise NotPortableError(f"gives a number in one row and a text in another: {node.sql('sqlite')}")


def _truth(tree: exp.Expr, dialect: Dialect) -> None:
    """A condition is 0 or 1 in SQLite, and a number that is not 0 is true; the others keep numbers and truth apart."""
    asked = {id(node.unnest()): node.unnest() for node in _asked(tree)}
    values = [
        node for node in _within(tree, CONDITIONS) if id(node) not in asked and not isinstance(node.parent, exp.Escape)
    ]
    for node in asked.values():
        if _is_text(node) and not isinstance(node, CONDITIONS):
            raise NotPortableError(f"takes the text {node.sql('sqlite')} for a condition")
        if not isinstance(node, CONDITIONS):
            _wrap(node, lambda n: exp.NEQ(this=exp.paren(n, copy=False), expression=exp.Literal.number(0)))
    for node in values:
        _wrap(node, lambda n: exp.Cast(this=exp.paren(n, copy=False), to=exp.DataType.build("BIGINT")))


def _asked(tree: exp.Expr) -> Iterator[exp.Expr]:
    """What stands where a condition does."""
    for node in tree.find_all(exp.Where, exp.Having, exp.Join, exp.Connector, exp.Not, exp.If):
        if isinstance(node, exp.Connector):
            yield from (node.this, node.expression)
        elif isinstance(node, exp.Join):
            yield node.args["on"] if node.args.get("on") else exp.true()
        elif not (isinstance(node.parent, exp.Case) and node.parent.this):
            yield node.this


# --- what the steps share ---


def _within(tree: exp.Expr, kinds: Any) -> list[exp.Expr]:
    """The expressions of some kinds, inner ones before those that they stand in."""
    return [node for node in reversed(list(tree.bfs())) if isinstance(node, kinds)]


def _put(node: exp.Expr, other: exp.Expr) -> None:
    """Put an expression of the same type in the place of one."""
    other.type = node.type
    node.replace(other)


def _wrap(node: exp.Expr, around: Callable[[exp.Expr], exp.Expr]) -> None:
    """Put an expression around one that stays the same object."""
    hole = exp.Null()
    node.replace(hole)
    hole.replace(around(node))


def _made(node: exp.Expr) -> exp.Expr:
    """An expression that a step has written, which no other step is to look at."""
    node.meta["made"] = True
    return node


def _is_text(node: exp.Expr | None) -> bool:
    return bool(node is not None and node.type and node.is_type(*exp.DataType.TEXT_TYPES))


def _is_number(node: exp.Expr | None) -> bool:
    return bool(node is not None and node.type and node.is_type(*exp.DataType.NUMERIC_TYPES))


def _is_whole(node: exp.Expr) -> bool:
    return bool(node.type and node.is_type(*exp.DataType.INTEGER_TYPES))


PREPARATIONS = (_parameters_are_texts, _days, _days_since)
STEPS = (
    _one_type,
    _lists_in_order,
    _json_objects,
    _json_values,
    _parts_of_texts,
    _divisions,
    _casts,
    _rounding,
    _numbers_beside_texts,
    _letter_case,
    _greatest,
    _fractions,
    _truth,
)
