"""What other programs are led to: files that are whole, addresses that last, a feed in words, no half-counted page."""

import csv
import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import httpx
import pytest
from conftest import Server
from datasette.app import Datasette
from datasette.database import QueryInterrupted

from scripts.assemble import full_metadata

HOST = "http://localhost"
HOME = "https://record.example"
ATOM = "{http://www.w3.org/2005/Atom}"
JSON_LD = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)
FORGED = {"host": "evil.example"}


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/record/votes", "/record/votes_named", "/record/claims"])
async def test_what_a_dataset_offers_is_a_whole_file_that_robots_may_fetch(ds: Datasette, site: Path, rows, path: str):
    [dataset] = [json.loads(found) for found in JSON_LD.findall((await ds.client.get(path)).text)]
    addresses = [urlsplit(offered["contentUrl"]) for offered in dataset["distribution"]]
    assert addresses and len({address.path.rpartition("/")[2] for address in addresses}) == len(addresses)
    for address in addresses:
        assert not address.query and (site / address.path.removeprefix("/")).is_file(), address
        if address.path.endswith(".csv"):
            text = (await ds.client.get(address.path)).text
            [expected] = rows(f"select count(*) as rows from {path.rpartition('/')[2]}")  # noqa: S608
            assert len(list(csv.reader(io.StringIO(text)))) - 1 == expected["rows"]


async def test_llms_txt_says_how_much_an_answer_has_and_where_the_documents_are(ds: Datasette):
    text = (await ds.client.get("/llms.txt")).text
    assert "1000 rows" not in text and "pages of 100 rows" in text and "`_size=`" in text and "`_next=`" in text
    for page in ("codebook", "known-gaps", "data-dictionary", "downloads", "feed.atom"):
        assert f"]({HOST}/{page}): " in text
        assert (await ds.client.get(f"/{page}")).status_code == 200
    assert len((await ds.client.get("/record/votes.json?_shape=array")).json()) == 100
    assert "_next=" in (await ds.client.get("/record/votes.json?_shape=array")).headers["link"]


async def feed(ds: Datasette) -> list[ElementTree.Element]:
    return ElementTree.fromstring((await ds.client.get("/feed.atom")).content).findall(f"{ATOM}entry")


async def test_the_feed_has_every_correction_in_words_and_every_article_coded(ds: Datasette, rows):
    entries = await feed(ds)
    of = {
        kind: [e for e in entries if e.find(f"{ATOM}category").get("term") == kind]
        for kind in ("corrections", "articles")
    }
    assert len(of["corrections"]) == len(rows("select 1 from corrections")) > 0
    assert len(of["articles"]) == len(rows("select 1 from articles where coded_on is not null"))
    [one] = [e for e in of["corrections"] if e.find(f"{ATOM}link").get("href").endswith("unidentified-d96f1ded-22")]
    title, summary = one.findtext(f"{ATOM}title"), one.findtext(f"{ATOM}summary")
    assert (
        title.startswith("Correction in Claims, Checkable: Claim in Unidentified outlet") and "Union supported" in title
    )
    assert summary.startswith("Was: record later. Is: record. ")
    assert not any("_" in e.findtext(f"{ATOM}title") for e in of["corrections"])
    for entry in of["corrections"]:
        assert (await ds.client.get(entry.find(f"{ATOM}link").get("href").removeprefix(HOST))).status_code == 200


async def test_an_article_in_the_feed_has_its_claims_by_verdict(ds: Datasette, rows):
    [row] = rows("select article_id, count(*) as claims from claims group by 1 order by 2 desc limit 1")
    [told] = [e for e in await feed(ds) if e.find(f"{ATOM}link").get("href").endswith(f"/articles/{row['article_id']}")]
    found = re.search(r"\. (\d+) claims: (.+)\.$", told.findtext(f"{ATOM}summary"))
    assert int(found[1]) == row["claims"] == sum(map(int, re.findall(r"(?:^|, )(\d+) ", found[2])))


@pytest.mark.parametrize(
    "path", ["/record/corrections/2026-11-22-04", "/record/corrections", "/record/latest_corrections"]
)
async def test_the_key_in_a_correction_leads_to_its_row(ds: Datasette, path: str):
    page = (await ds.client.get(path)).text
    address = "/record/provisions/A-RES-ES-11-8,adopted,accountability"
    assert f'<a href="{address}">A-RES-ES-11-8,adopted,accountability</a>' in page


def test_the_homepage_of_the_package_is_told_to_the_site():
    metadata = {"databases": {"record": {"tables": {}, "queries": {}}}}
    descriptor = {"title": "a", "homepage": HOME}
    assert full_metadata(metadata, {"record": []}, descriptor)["dataset"]["homepage"] == HOME


@pytest.fixture
def at_home(site: Path, tmp_path: Path, open_site) -> Datasette:
    """The site of a dataset that has a homepage."""
    copy = shutil.copytree(site, tmp_path / "site")
    metadata = json.loads((copy / "metadata.json").read_text(encoding="utf-8"))
    metadata["dataset"]["homepage"] = f"{HOME}/"
    (copy / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    return open_site(copy)


async def test_with_a_homepage_a_forged_host_changes_nothing(at_home: Datasette):
    row = "/record/votes/A-RES-ES-11-7,USA"
    pages = ("/", "/codebook", row, "/record/claims/sociose-2025-03-02-09")
    files = (f"{row}.bib", f"{row}.ris", f"{row}.csljson", "/feed.atom", "/sitemap.xml", "/robots.txt", "/llms.txt")
    for path in (*pages, *files):
        forged = await at_home.client.get(path, headers=FORGED)
        text = re.sub(r"<link rel=.alternate. type=.application/json\+datasette.[^>]*>", "", forged.text)
        assert forged.status_code == 200 and HOME in text and f"{HOME}//" not in text, path
        assert "evil.example" not in text, path
    page = (await at_home.client.get(row, headers=FORGED)).text
    assert f'<link rel="canonical" href="{HOME}{row}">' in page and f'<link rel="cite-as" href="{HOME}{row}">' in page


async def test_without_a_homepage_the_host_that_was_asked_is_named(ds: Datasette):
    assert "http://evil.example/sitemap.xml" in (await ds.client.get("/robots.txt", headers=FORGED)).text


@pytest.mark.parametrize(
    "path",
    [
        "/static/downloads/votes.csv",
        "/static/downloads/un.zip",
        "/record/votes.xlsx",
        "/record/votes.json",
        "/feed.atom",
    ],
)
def test_a_notebook_in_a_browser_may_read_every_answer(client: httpx.Client, path: str):
    answer = client.get(path)
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]
    if etag := answer.headers.get("etag"):
        again = client.get(path, headers={"if-none-match": etag})
        assert again.status_code == 304 and again.headers.get_list("access-control-allow-origin") == ["*"]


async def test_without_cors_nothing_is_opened(site: Path):
    ds = Datasette(config_dir=site, crossdb=True)
    assert "access-control-allow-origin" not in (await ds.client.get("/static/downloads/votes.csv")).headers
    for database in ds.databases.values():
        database.close()


@pytest.mark.parametrize("name", ["un.zip", "votes.xlsx", "votes.parquet", "record.db"])
def test_what_is_packed_is_not_packed_again(client: httpx.Client, site: Path, name: str):
    answer = client.head(f"/static/downloads/{name}", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert int(answer.headers["content-length"]) == (site / "static/downloads" / name).stat().st_size


@pytest.mark.parametrize("path", ["/record/votes", "/record/votes.json?_facet=vote"])
async def test_a_page_whose_counts_ran_out_of_time_is_kept_by_nobody(open_site, site: Path, monkeypatch, path: str):
    ds = open_site(site)
    await ds.invoke_startup()
    database = ds.get_database("record")
    fetch = database.execute_fn
    monkeypatch.setattr(database, "execute_fn", lambda fn: late(fetch, fn))
    counted = await ds.client.get(path)
    missing = "Counting took too long" if "json" not in path else '"facet_results": {}'
    assert counted.status_code == 200 and missing in counted.text
    assert "etag" not in counted.headers and counted.headers["cache-control"] == "no-store"
    monkeypatch.undo()
    whole = await ds.client.get(path)
    assert "etag" in whole.headers and "max-age" in whole.headers["cache-control"]


async def late(fetch, fn):
    """What a busy machine does to a facet's query: it is interrupted."""
    cells = [cell.cell_contents for cell in fn.__closure__ or ()]
    if any(isinstance(cell, str) and "group by" in cell and "limit" in cell for cell in cells):
        raise QueryInterrupted(TimeoutError(), "", None)
    return await fetch(fn)
