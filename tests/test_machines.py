"""What machines are told: schema.org's terms, the sitemap, robots.txt, the feed, llms.txt, ETags and compression."""

import csv
import gzip
import importlib
import io
import json
import pkgutil
import re
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import httpx
import msgspec
import msgspec_schemaorg.models
import pytest
from conftest import Server, serve
from datasette.app import Datasette

HOST = "http://localhost"
ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
JSON_LD = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)
CLAIM = "/record/claims/sociose-2025-03-02-09"
TABLES = ("resolutions", "roll_calls", "members", "claims", "articles", "outlets", "blocs")


@pytest.fixture(scope="module")
def metadata(site: Path) -> dict[str, Any]:
    return json.loads((site / "metadata.json").read_text(encoding="utf-8"))


async def linked_data(ds: Datasette, path: str) -> list[dict[str, Any]]:
    """The things that a page's head describes; the page has one block of them at most."""
    found = JSON_LD.findall((await ds.client.get(path)).text)
    assert len(found) <= 1
    described = json.loads(found[0]) if found else {}
    assert described.pop("@context", "https://schema.org") == "https://schema.org"
    return described.get("@graph", [described]) if described else []


@cache
def vocabulary() -> dict[str, set[str]]:
    """Each class of schema.org with its own and its parents' properties."""
    models = msgspec_schemaorg.models
    classes = {}
    for info in pkgutil.walk_packages(models.__path__, f"{models.__name__}."):
        module = importlib.import_module(info.name)
        name = info.name.rpartition(".")[2]
        if isinstance(kind := getattr(module, name, None), type) and issubclass(kind, msgspec.Struct):
            classes[name] = set(kind.__struct_encode_fields__)
    return classes


def nested(thing: Any) -> Iterator[dict[str, Any]]:
    """Every object in a piece of JSON."""
    if isinstance(thing, dict):
        yield thing
        for value in thing.values():
            yield from nested(value)
    elif isinstance(thing, list):
        for value in thing:
            yield from nested(value)


def assert_is_schema_org(things: list[dict[str, Any]]) -> None:
    """Each type is a class and each property belongs to it; an object without a type only points to another."""
    for thing in nested(things):
        if "@type" not in thing:
            assert thing.keys() == {"@id"}
            continue
        assert thing["@type"] in vocabulary()
        assert {name for name in thing if not name.startswith("@")} <= vocabulary()[thing["@type"]], thing["@type"]


def test_the_vocabulary_knows_what_is_not_in_it():
    assert_is_schema_org([{"@type": "Dataset", "name": "a"}])
    for wrong in ({"@type": "Datset"}, {"@type": "Dataset", "claimReviewed": "a"}, {"name": "a"}):
        with pytest.raises(AssertionError):
            assert_is_schema_org([wrong])


async def test_the_home_page_is_a_dataset_with_its_tables(ds: Datasette, metadata, rows):
    things = await linked_data(ds, "/")
    assert_is_schema_org(things)
    [dataset] = things
    assert dataset["@type"] == "Dataset" and dataset["version"] == metadata["dataset"]["version"]
    assert 50 <= len(dataset["description"]) <= 5000 and dataset["name"] and dataset["creator"]["name"]
    assert dataset["license"] == "https://creativecommons.org/licenses/by/4.0/"
    [days] = rows("select min(voted_on) || '/' || max(voted_on) as covered from roll_calls")
    assert dataset["temporalCoverage"] == days["covered"]
    parts = {part["url"] for part in dataset["hasPart"]}
    assert parts == {f"{HOST}/record/{name}" for name in metadata["databases"]["record"]["tables"]}
    for part in dataset["hasPart"]:
        assert 50 <= len(part["description"]) <= 5000 and part["license"] and part["name"]


async def test_every_table_is_a_dataset_with_its_columns(ds: Datasette, metadata, rows):
    for name, about in metadata["databases"]["record"]["tables"].items():
        [dataset] = things = await linked_data(ds, f"/record/{name}?_size=1")
        assert_is_schema_org(things)
        assert dataset["url"] == f"{HOST}/record/{name}" and dataset["isPartOf"]["@id"] == f"{HOST}/"
        assert 50 <= len(dataset["description"]) <= 5000 and about["title"] in dataset["name"]
        measured = {column["name"] for column in dataset["variableMeasured"]}
        assert measured <= {row["name"] for row in rows("select name from pragma_table_info(?)", name)} and measured


async def test_whatever_a_dataset_offers_is_there_and_of_its_type(ds: Datasette, site: Path):
    offered = []
    for path in ("/", "/record/votes", "/record/votes_named"):
        [dataset] = await linked_data(ds, path)
        offered += dataset["distribution"]
    addresses = {download["contentUrl"] for download in offered}
    assert f"{HOST}/static/downloads/record.db" in addresses and f"{HOST}/static/downloads/votes_named.csv" in addresses
    for download in offered:
        response = await ds.client.get(download["contentUrl"].removeprefix(HOST))
        assert response.status_code == 200, download
        if size := download.get("contentSize"):
            assert size == f"{len(response.content)} B"
        if download["encodingFormat"] == "text/csv":
            assert len(next(csv.reader(io.StringIO(response.text)))) > 1


async def test_a_package_that_the_build_made_is_offered_on_the_home_page(site: Path, tmp_path: Path, open_site):
    copy = shutil.copytree(site, tmp_path / "site")
    (copy / "static/downloads/press.zip").write_bytes(b"four")
    ds = open_site(copy)
    [dataset] = await linked_data(ds, "/")
    [offered] = [one for one in dataset["distribution"] if one["contentUrl"].endswith("/press.zip")]
    assert offered["contentSize"] == "4 B"
    assert (await ds.client.get(offered["contentUrl"].removeprefix(HOST))).content == b"four"


async def test_a_claim_tells_who_said_it_where_and_what_of_it(ds: Datasette, rows):
    things = await linked_data(ds, CLAIM)
    assert_is_schema_org(things)
    claim, review = things
    [row] = rows(
        """select claim, outlets.name, articles.title, articles.url, coded_on
        from claims join articles on articles.id = article_id
        join outlets on outlets.id = outlet_id where claims.id = ?""",
        CLAIM.rpartition("/")[2],
    )
    assert (claim["@type"], claim["text"], claim["author"]["name"]) == ("Claim", row["claim"], row["name"])
    assert claim["appearance"]["@type"] == "NewsArticle"
    assert claim["appearance"].get("headline") == row["title"] and claim["appearance"].get("url") == row["url"]
    assert {about["url"] for about in claim["about"]} >= {f"{HOST}/record/members/SYR"}
    assert (review["@type"], review["claimReviewed"], review["url"]) == ("ClaimReview", row["claim"], HOST + CLAIM)
    assert review["itemReviewed"]["@id"] == claim["@id"] and review["datePublished"] == row["coded_on"]
    assert review["author"]["name"] == "On the Record"
    rating = {"ratingValue": 1, "bestRating": 3, "worstRating": 1, "alternateName": "Contradicted by the record"}
    assert review["reviewRating"].items() >= rating.items()


async def test_a_claim_of_every_verdict_is_in_schema_orgs_terms(ds: Datasette, rows):
    """A verdict has our words, and a number where it says something of the statement; not assessed is not reviewed."""
    verdicts = rows("select verdict, min(id) as id from claims group by verdict")
    assert len(verdicts) >= 8
    for row in verdicts:
        things = await linked_data(ds, f"/record/claims/{row['id']}")
        assert_is_schema_org(things)
        assert [thing["@type"] for thing in things] == (
            ["Claim"] if row["verdict"] in (None, "not_checkable") else ["Claim", "ClaimReview"]
        )
        if len(things) == 2:
            rating = things[1]["reviewRating"]
            assert rating["alternateName"] and ("ratingValue" in rating) == (row["verdict"] != "undetermined")


async def test_a_claim_that_the_article_has_someone_say_is_that_persons(ds: Datasette, rows):
    [row] = rows("select id, said_by from claims where said_by is not null limit 1")
    assert (await linked_data(ds, f"/record/claims/{row['id']}"))[0]["author"] == row["said_by"]


async def test_no_content_breaks_out_of_the_script(altered):
    hostile = "</script><script>alert(1)</script><!-- & \u2028"
    ds = altered(f"update claims set claim = '{hostile}' where id = 'sociose-2025-03-02-09'")  # noqa: S608
    page = (await ds.client.get(CLAIM)).text
    assert not set("<>&") & set(JSON_LD.findall(page)[0])
    assert (await linked_data(ds, CLAIM))[0]["text"] == hostile


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("/", "/"),
        ("/codebook", "/codebook"),
        ("/record", "/record"),
        ("/record/votes?vote=yes&_sort=note", "/record/votes"),
        ("/record/how_voted?roll_call=A-RES-ES-11-7&member=USA",) * 2,
        ("/record/votes/A-RES-ES-11-7,USA?_x=1", "/record/votes/A-RES-ES-11-7,USA"),
        ("/record?sql=select+1", None),
        ("/nowhere", None),
    ],
)
async def test_a_page_has_one_address_and_says_what_it_is(ds: Datasette, path: str, canonical: str | None):
    page = (await ds.client.get(path)).text
    found = re.findall(r'<link rel="canonical" href="([^"]+)">', page)
    assert [address.replace("&amp;", "&") for address in found] == ([HOST + canonical] if canonical else [])
    assert page.count('<meta name="description"') == page.count('property="og:title"') == (path != "/nowhere")
    assert 'rel="license"' in page and 'type="application/atom+xml"' in page


async def test_a_row_says_at_which_address_it_is_cited(ds: Datasette):
    page = (await ds.client.get(CLAIM)).text
    assert f'<link rel="cite-as" href="{HOST}{CLAIM}">' in page
    assert re.search(r'property="og:title" content="Claim in [^"]*Syria voted against', page)


async def test_robots_may_read_pages_and_not_facets_or_sql(ds: Datasette):
    response = await ds.client.get("/robots.txt")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert f"Sitemap: {HOST}/sitemap.xml" in response.text.splitlines()
    rules = re.findall(r"^(Allow|Disallow): (\S+)$", response.text, re.MULTILINE)

    def may(path: str) -> bool:
        """As RFC 9309 has it: of the rules that fit, the longest."""
        fits = [(len(rule), kind) for kind, rule in rules if re.match(re.escape(rule).replace(r"\*", ".*"), path)]
        return max(fits)[1] == "Allow"

    for path in (
        "/",
        "/record/votes",
        CLAIM,
        "/sitemap.xml",
        "/-/static/app.css?abc",
        "/static/downloads/votes_named.csv",
    ):
        assert may(path), path
    for path in ("/record/votes?_facet=vote", "/record?sql=select+1", "/record.json?sql=select", "/-/metadata.json"):
        assert not may(path), path
    parser = RobotFileParser()
    parser.parse(response.text.splitlines())
    assert parser.site_maps() == [f"{HOST}/sitemap.xml"]


async def test_the_sitemap_has_home_documents_tables_and_rows(ds: Datasette, rows, metadata, site: Path):
    response = await ds.client.get("/sitemap.xml")
    assert response.headers["content-type"].startswith("application/xml")
    root = ElementTree.fromstring(response.content)
    assert root.tag == f"{SITEMAP}urlset" and {url.tag for url in root} == {f"{SITEMAP}url"}
    listed = [url.findtext(f"{SITEMAP}loc") for url in root]
    assert len(listed) == len(set(listed)) <= 50_000
    expected = {f"{HOST}/record/{name}/{row['id']}" for name in TABLES for row in rows(f"select id from {name}")}  # noqa: S608
    expected |= {f"{HOST}/record/{name}" for name in metadata["databases"]["record"]["tables"]}
    queries = metadata["databases"]["record"]["queries"]
    expected |= {f"{HOST}/record/{name}" for name, query in queries.items() if not query["params"]}
    expected |= {f"{HOST}/{page.stem}" for page in (site / "templates/pages").glob("*.html") if "{" not in page.name}
    assert {f"{HOST}/codebook", f"{HOST}/known-gaps"} <= expected
    assert set(listed) == expected | {f"{HOST}/", f"{HOST}/record"}
    for address in listed[::150]:
        assert (await ds.client.get(address.removeprefix(HOST))).status_code == 200


def assert_is_atom(content: bytes) -> list[ElementTree.Element]:
    """What RFC 4287 asks of a feed and of each entry; returns the entries."""
    feed = ElementTree.fromstring(content)
    assert feed.tag == f"{ATOM}feed"
    for element in (feed, *feed.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            [one] = element.findall(f"{ATOM}{name}")
            assert one.text and one.text.strip()
        assert urlsplit(element.findtext(f"{ATOM}id")).scheme
        assert datetime.fromisoformat(element.findtext(f"{ATOM}updated")).tzinfo
        alternates = [link for link in element.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
        assert len(alternates) == 1 and alternates[0].get("href", "").startswith("http")
    assert feed.findtext(f"{ATOM}author/{ATOM}name")
    assert [link.get("href") for link in feed.findall(f"{ATOM}link") if link.get("rel") == "self"] == [
        f"{HOST}/feed.atom"
    ]
    entries = feed.findall(f"{ATOM}entry")
    assert len({entry.findtext(f"{ATOM}id") for entry in entries}) == len(entries)
    return entries


async def test_the_feed_has_corrections_and_new_claims(ds: Datasette, rows):
    response = await ds.client.get("/feed.atom")
    assert response.headers["content-type"].startswith("application/atom+xml")
    entries = assert_is_atom(response.content)
    links = [entry.find(f"{ATOM}link").get("href") for entry in entries]
    corrected = rows("select table_name, row_key from corrections")
    assert {f"{HOST}/record/{row['table_name']}/{row['row_key']}" for row in corrected} <= set(links)
    assert any(f"{HOST}/record/articles/" in link for link in links)
    days = [entry.findtext(f"{ATOM}updated") for entry in entries]
    assert days == sorted(days, reverse=True)
    assert (await ds.client.get(links[-1].removeprefix(HOST))).status_code == 200


async def test_an_entry_keeps_its_id_on_another_host_and_the_newest_comes_first(ds: Datasette, altered):
    before = {
        entry.findtext(f"{ATOM}title"): entry.findtext(f"{ATOM}id")
        for entry in assert_is_atom((await ds.client.get("/feed.atom")).content)
    }
    later = altered(
        """insert into corrections
        select
            '2027-01-01-01', '2027-01-01', table_name, row_key, column_name, '<old>', 'new & ]]>', why, source_id, null
        from corrections limit 1"""
    )
    moved = await later.client.get("/feed.atom", headers={"host": "elsewhere.org"})
    feed = ElementTree.fromstring(moved.content)
    entries = feed.findall(f"{ATOM}entry")
    links = [link.get("href") for link in entries[0].findall(f"{ATOM}link")]
    assert "http://elsewhere.org/record/corrections/2027-01-01-01" in links
    assert "<old>" in entries[0].findtext(f"{ATOM}summary") and "new & ]]>" in entries[0].findtext(f"{ATOM}summary")
    assert feed.findtext(f"{ATOM}updated") == "2027-01-01T00:00:00Z"
    same = {entry.findtext(f"{ATOM}title"): entry.findtext(f"{ATOM}id") for entry in entries[1:]}
    assert len(same) > 50 and same.items() <= before.items()


async def test_llms_txt_lists_every_table_and_query(ds: Datasette, metadata):
    response = await ds.client.get("/llms.txt")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    lines = response.text.splitlines()
    assert lines[0] == "# On the Record" and lines[2].startswith("> How UN member states voted")
    record = metadata["databases"]["record"]
    linked = re.findall(rf"^- \[.+\]\({HOST}/record/(\w+)\): .+$", response.text, re.MULTILINE)
    assert linked == [*record["tables"], *record["queries"]]
    assert not re.search(r"<\w+>|&\w+;", response.text)


async def test_the_addresses_that_llms_txt_shows_answer(ds: Datasette):
    text = (await ds.client.get("/llms.txt")).text.partition("## Tables")[0]
    shown = re.findall(rf"`({HOST}[^`]+)`", text)
    assert len(shown) >= 4
    for address in shown:
        response = await ds.client.get(address.removeprefix(HOST))
        assert response.status_code == 200, address
        assert ("html" in response.headers["content-type"]) == address.endswith("USA"), address


PATHS = [
    "/",
    "/codebook",
    "/record/votes",
    "/record/votes.json?_shape=array",
    "/record/votes.csv?_stream=1",
    "/record/votes/A-RES-ES-11-7,USA",
    "/record/votes/A-RES-ES-11-7,USA.bib",
    "/record/how_voted?roll_call=A-RES-ES-11-7&member=USA",
    "/feed.atom",
    "/robots.txt",
    "/static/site.css",
    "/-/static/app.css",
]


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url) as client:
        yield client


@pytest.mark.parametrize("path", PATHS)
def test_what_a_reader_has_is_not_sent_again(client: httpx.Client, path: str):
    first = client.get(path)
    etag = first.headers["etag"]
    assert first.status_code == 200 and etag.startswith('W/"') and first.content
    for asked in (etag, etag.removeprefix("W/"), f'"other", {etag}'):
        again = client.get(path, headers={"if-none-match": asked})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        assert again.headers["cache-control"] == first.headers["cache-control"]
        assert {name.strip() for name in again.headers["vary"].split(",")} >= {"Accept-Encoding"}
    assert client.get(path, headers={"if-none-match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_head_is_get_without_the_body(client: httpx.Client, path: str):
    head, got = client.head(path), client.get(path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("etag", "content-type", "cache-control"):
        assert head.headers.get(name) == got.headers.get(name)


@pytest.mark.parametrize("path", PATHS)
def test_what_is_compressed_is_the_same(client: httpx.Client, path: str):
    with client.stream("GET", path, headers={"accept-encoding": "gzip"}) as packed:
        raw = b"".join(packed.iter_raw())
    plain = client.get(path, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    if len(plain.content) > 600:
        assert packed.headers["content-encoding"] == "gzip" and len(raw) < len(plain.content)
        vary = [name.strip() for name in packed.headers["vary"].split(",")]
        assert "Accept-Encoding" in vary and len(vary) == len(set(vary))
        assert gzip.decompress(raw) == plain.content
    assert packed.headers["etag"] == plain.headers["etag"]


@pytest.mark.parametrize(
    "path",
    [
        "/record?sql=select+random()",
        "/record.json?sql=select+random()",
        "/record.csv?sql=select+random()",
        "/record/votes.json?_where=random()%3E0",
        "/record/nothing",
        "/record?sql=select+nonsense",
        "/A/RES/ES-11/7",
        "/record/votes/a-res-es-11-7,usa",
        "/-/threads.json",
    ],
)
def test_what_may_differ_next_time_has_no_etag(client: httpx.Client, path: str):
    assert "etag" not in client.get(path).headers


def test_whoever_is_known_gets_a_page_of_their_own(client: httpx.Client):
    etag = client.get("/record/votes").headers["etag"]
    own = client.get("/record/votes", headers={"cookie": "a=b", "if-none-match": etag})
    assert own.status_code == 200 and "etag" not in own.headers


def test_the_database_keeps_the_etag_that_it_had(client: httpx.Client, site: Path):
    inspected = json.loads((site / "inspect-data.json").read_text(encoding="utf-8"))
    assert client.head("/record.db").headers["etag"] == f'"{inspected["record"]["hash"]}"'


def test_files_are_kept_longer_than_pages(client: httpx.Client):
    age = {
        path: int(re.search(r"max-age=(\d+)", client.get(path).headers["cache-control"])[1])
        for path in ("/", "/record/votes", "/static/site.css", "/-/static/app.css")
    }
    assert age["/"] == age["/record/votes"] == 300
    assert age["/static/site.css"] > 300 and age["/-/static/app.css"] > 300


def test_an_etag_is_of_one_address(client: httpx.Client):
    paths = ["/record/votes", "/record/votes?", "/record/votes?vote=yes", "/record/votes.json", "/record/members"]
    etags = [client.get(path).headers["etag"] for path in paths]
    assert len(set(etags)) >= len(paths) - 1


async def etags(ds: Datasette) -> list[str]:
    return [(await ds.client.get(path)).headers["etag"] for path in ("/", "/record/votes", "/static/site.css")]


async def test_the_same_build_has_the_same_etags_in_another_folder(
    site: Path, tmp_path: Path, open_site, ds: Datasette
):
    assert await etags(open_site(shutil.copytree(site, tmp_path / "copy"))) == await etags(ds)


def touch_template(folder: Path) -> None:
    template = folder / "templates/_footer.html"
    template.write_text(template.read_text(encoding="utf-8") + "<!-- new -->", encoding="utf-8")


def correct_data(folder: Path) -> None:
    connection = sqlite3.connect(folder / "record.db")
    connection.execute("update members set short_name = 'Other' where id = 'USA'")
    connection.commit()
    connection.close()
    noted = json.loads((folder / "inspect-data.json").read_text(encoding="utf-8"))
    noted["record"]["hash"] = "0" * 64
    (folder / "inspect-data.json").write_text(json.dumps(noted), encoding="utf-8")


def add_database(folder: Path) -> None:
    connection = sqlite3.connect(folder / "archive.db")
    connection.execute("create table articles (id text primary key)")
    connection.commit()
    connection.close()


@pytest.mark.parametrize("change", [touch_template, correct_data, add_database])
async def test_a_change_of_template_data_or_databases_changes_every_etag(
    site: Path, tmp_path: Path, change, open_site, ds: Datasette
):
    copy = shutil.copytree(site, tmp_path / "copy")
    change(copy)
    assert not set(await etags(open_site(copy))) & set(await etags(ds))


async def test_a_page_is_new_every_day_and_a_file_is_not(site: Path, ds: Datasette, monkeypatch: pytest.MonkeyPatch):
    before = [(await ds.client.get(path)).headers["etag"] for path in ("/", "/static/site.css")]
    from datasette.plugins import pm

    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2099, 1, 1, tzinfo=tz)

    # Of all sites of a process the plugins are those of the first: Datasette knows a plugin by the name of its file.
    [plugin] = [one for name, one in pm.list_name_plugin() if name == "revalidate.py"]
    monkeypatch.setattr(plugin, "datetime", Tomorrow)
    after = [(await ds.client.get(path)).headers["etag"] for path in ("/", "/static/site.css")]
    assert before[0] != after[0] and before[1] == after[1]


def test_two_servers_of_one_build_agree(server: Server, site: Path, tmp_path: Path):
    """A second worker must know the first one's ETags, or a cache in front of both helps nobody."""
    headers = {"host": "on-the-record.example"}
    with serve(site, tmp_path / "second") as other:
        first, second = (httpx.get(f"{one.url}/record/votes", headers=headers) for one in (server, other))
    assert first.headers["etag"] == second.headers["etag"]
