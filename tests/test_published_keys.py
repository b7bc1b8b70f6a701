"""A key once published never disappears: every one of them against the present tables, and many over the site."""

import re
from pathlib import Path
from urllib.parse import quote

from conftest import Rows
from datasette.app import Datasette
from datasette.utils import tilde_encode

from scripts.build import ROOT
from scripts.package import open_package
from scripts.release import UNLISTED
from scripts.releases import as_released

# Every this many of a table's keys is asked for over the site; the law of the ledger looks at each.
STRIDE = 400


def test_every_published_key_is_in_its_table_or_among_the_redirects(rows: Rows):
    package, missing, looked_at = open_package(ROOT), [], 0
    for [table] in rows("select distinct table_name from published_keys"):
        key = " || ',' || ".join(package.tables[table].primary_key)
        looked_at += rows("select count(*) from published_keys where table_name = ?", table)[0][0]
        missing += rows(
            f"""select row_key from published_keys where table_name = ?
            and row_key not in (select {key} from {table})
            and row_key not in (select old_key from redirects where table_name = published_keys.table_name)""",  # noqa: S608
            table,
        )
        parts = len(package.tables[table].primary_key)
        wrong = "length(row_key) - length(replace(row_key, ',', '')) <> ?"
        # A part with a comma in it could not be told from two.
        assert rows(f"select row_key from published_keys where table_name = ? and {wrong}", table, parts - 1) == []  # noqa: S608
    assert missing == []
    assert looked_at > 16_000


def test_a_released_version_has_published_every_key_of_its_tables(rows: Rows):
    package = as_released(open_package(ROOT))
    if "released_on" not in package.descriptor:
        return
    for name, table in package.tables.items():
        if name not in UNLISTED:
            key = " || ',' || ".join(table.primary_key)
            # What the build adds to a table has no row in the file.
            typed = "where id not like 'm49-%' and id not like 'group-%'" if name == "blocs" else ""
            typed = (
                "where bloc_id not like 'm49-%' and bloc_id not like 'group-%'" if name == "bloc_memberships" else typed
            )
            unpublished = rows(
                f"""select {key} as row_key from {name} {typed}
                except select row_key from published_keys where table_name = ?""",  # noqa: S608
                name,
            )
            assert [tuple(row) for row in unpublished] == [], name


async def test_published_keys_open_on_the_site_or_lead_to_where_they_are(ds: Datasette, rows: Rows):
    asked = rows(
        f"""select table_name, row_key from (
            select *, row_number() over (partition by table_name order by row_key) as place from published_keys
        ) where place % {STRIDE} = 1"""  # noqa: S608
    )
    asked += rows("select table_name, old_key from redirects")
    assert len({table for table, _ in asked}) > 20
    for table, key in asked:
        response = await ds.client.get(
            f"/record/{table}/{','.join(map(tilde_encode, key.split(',')))}.json?_shape=array"
        )
        if response.status_code == 301:
            response = await ds.client.get(response.headers["location"])
        gone = rows("select why from redirects where table_name = ? and old_key = ? and new_key is null", table, key)
        assert response.status_code == (410 if gone else 200), (table, key)


async def test_a_published_key_leads_to_its_row_and_its_first_version(ds: Datasette):
    page = (await ds.client.get("/record/published_keys?table_name=votes&row_key=A-RES-ES-11-7%2CUSA")).text
    assert 'href="/record/votes/A-RES-ES-11-7,USA"' in page
    page = (await ds.client.get("/record/votes/A-RES-ES-11-7,USA")).text
    assert re.search(r"First published in version <a [^>]*>1\.0\.0</a>, 30 November 2026", page)
    assert f"/record/row_history?table_name=votes&amp;row_key={quote('A-RES-ES-11-7,USA')}" in page


def test_the_list_of_published_keys_is_in_the_files_to_take_away(site: Path):
    assert (site / "static/downloads/published_keys.csv").read_text(encoding="utf-8").count("\n") > 16_000
