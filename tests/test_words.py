"""Words: every table, column, query and parameter is explained in a sentence."""

import re

import pytest

from scripts.assemble import full_metadata
from scripts.build import ROOT
from scripts.package import Table, open_package
from scripts.queries import read_metadata

PACKAGE = open_package(ROOT)
TABLES = PACKAGE.tables | PACKAGE.derived | PACKAGE.wide | PACKAGE.views
QUERIES = full_metadata(read_metadata(ROOT), {"record": list(TABLES.values())}, PACKAGE.descriptor)["databases"][
    "record"
]["queries"]


def is_sentence(text: str) -> bool:
    """Begins with a capital or a number, ends with a full stop, and has four words at least."""
    return bool(re.match(r"[A-Z0-9“]", text)) and text.endswith(".") and len(text.split()) >= 4


def is_title(text: str) -> bool:
    return bool(re.match(r"[A-Z0-9]", text)) and "_" not in text


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_table_and_its_columns_have_a_title_and_a_sentence(table: Table):
    wanting = [
        f"{named.name}: {named.title} | {named.description}"
        for named in (table, *table.fields)
        if not is_title(named.title) or not is_sentence(named.description)
    ]
    assert wanting == []


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_has_a_title_and_a_sentence(name: str):
    assert is_title(QUERIES[name]["title"])
    assert is_sentence(QUERIES[name]["description"].strip())


@pytest.mark.parametrize("name", [name for name in QUERIES if QUERIES[name]["fields"]])
def test_each_parameter_has_a_title_and_says_what_it_takes(name: str):
    for field in QUERIES[name]["fields"]:
        assert is_title(field["title"]), field
        assert field.get("table") or field.get("form") == "date" or is_sentence(field["help"]), field
        assert field.get("options") != []


def test_no_two_parameters_of_a_query_have_one_title():
    for name, query in QUERIES.items():
        titles = [field["title"] for field in query["fields"]]
        assert len(set(titles)) == len(titles), name


def test_no_two_tables_and_no_two_queries_have_one_title():
    for titles in ([table.title for table in TABLES.values()], [query["title"] for query in QUERIES.values()]):
        assert sorted(set(titles)) == sorted(titles)
