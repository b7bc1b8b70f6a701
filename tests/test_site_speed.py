"""What spares Datasette work on every page changes nothing but that."""

import json
import shutil
import sqlite3
from pathlib import Path

from datasette.app import Datasette


async def test_a_rule_about_who_may_see_a_table_is_obeyed(site: Path, tmp_path: Path, open_site):
    copy = shutil.copytree(site, tmp_path / "site")
    metadata = json.loads((copy / "metadata.json").read_text(encoding="utf-8"))
    metadata["databases"]["record"]["tables"]["votes"]["allow"] = False
    (copy / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    ds = open_site(copy)
    assert (await ds.client.get("/record/votes")).status_code == 403
    assert (await ds.client.get("/record/members")).status_code == 200


async def test_without_a_rule_no_metadata_is_copied(ds: Datasette):
    await ds.invoke_startup()
    ds._metadata_sources = None  # what a copy would start from
    try:
        assert await ds.permission_allowed(None, "view-table", ("record", "votes"), default=True)
    finally:
        del ds._metadata_sources


async def test_the_schema_of_the_record_is_read_once(ds: Datasette):
    await ds.invoke_startup()
    database = ds.get_database("record")
    first = await database.primary_keys("votes")
    execute, database.execute_fn = database.execute_fn, None
    try:
        assert await database.primary_keys("votes") == first == ["roll_call_id", "member_id"]
    finally:
        database.execute_fn = execute


async def test_an_asker_may_change_the_answer_that_it_got(ds: Datasette):
    await ds.invoke_startup()
    database = ds.get_database("record")
    (await database.table_columns("votes")).clear()
    assert "member_id" in await database.table_columns("votes")


async def test_a_database_that_can_change_is_asked_anew(site: Path, tmp_path: Path):
    path = tmp_path / "open.db"
    connection = sqlite3.connect(path)
    connection.execute("create table one (id integer primary key)")
    ds = Datasette([path], config_dir=site)
    await ds.invoke_startup()
    assert await ds.get_database("open").table_names() == ["one"]
    connection.execute("create table two (id integer primary key)")
    connection.close()
    assert await ds.get_database("open").table_names() == ["one", "two"]
