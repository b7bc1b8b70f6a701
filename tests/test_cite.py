"""How a row is cited: the forms as real processors read them, titles for every table, and addresses that lead on."""

import json
import re
import sqlite3
import tomllib
from datetime import UTC, date, datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
import rispy
import yaml
from citeproc import Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter
from citeproc.source.bibtex import BibTeX
from citeproc.source.json import CiteProcJSON
from datasette.app import Datasette
from datasette.utils import tilde_encode
from markupsafe import Markup, escape

from scripts.build import ROOT
from scripts.package import open_package
from scripts.releases import UNRELEASED, as_released

VOTE = "/record/votes/A-RES-ES-11-7,USA"
TITLE = "Vote of the United States on A/RES/ES-11/7"
DESCRIPTOR = yaml.safe_load((ROOT / "datapackage.yaml").read_text(encoding="utf-8"))
# What the shipped tables are: the newest version, which has a day, or what was changed since, which has none.
CITED = as_released(open_package(ROOT)).descriptor
VERSION = CITED["version"]
RELEASED = date.fromisoformat(CITED["released_on"]) if "released_on" in CITED else None
MEDIA_TYPES = {
    "bib": "application/x-bibtex",
    "ris": "application/x-research-info-systems",
    "csljson": "application/vnd.citationstyles.csl+json",
}
# What each format has a meaning for, and what ends a field or a record.
HOSTILE = "100% of $5 & #1: a_b {c} ~d ^e \\f \"g\" 'h' ES\r\nER  - \r\nTY  - BOOK“é” 联合国 <i>"


@pytest.fixture(scope="module")
def cite(site: Path) -> ModuleType:
    """The plugin as a module, to give it titles that the data does not have."""
    spec = spec_from_file_location("cite", site / "plugins/cite.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def hostile(cite: ModuleType):
    """A citation whose title has every character that some format minds."""
    day = datetime(2026, 2, 3, tzinfo=UTC).date()
    return cite.Citation(HOSTILE, "Votes", "On the Record", "0.1.0", "A & B", "https://x.org/a_b,~2E", "votes-a", day)


def bibliography(source, key: str) -> str:
    """The citation as a processor prints it."""
    style = CitationStylesStyle("harvard-cite-them-right", validate=False)
    printed = CitationStylesBibliography(style, source, formatter.plain)
    printed.register(Citation([CitationItem(key)]))
    return str(printed.bibliography()[0])


def read_bibtex(text: str, folder: Path) -> BibTeX:
    file = folder / "row.bib"
    file.write_text(text, encoding="utf-8")
    return BibTeX(str(file), encoding="utf-8")


async def today_around(ask) -> tuple[str, set]:
    """An answer, and the days in UTC on which it can have been given."""
    before = datetime.now(UTC).date()
    answer = await ask()
    return answer, {before, datetime.now(UTC).date()}


async def test_a_row_shows_its_permanent_address_and_a_citation_with_all_parts(ds: Datasette):
    response, days = await today_around(lambda: ds.client.get(f"{VOTE}?_nothing=1"))
    [section] = re.findall(r'<section class="cite".*?</section>', response.text, re.DOTALL)
    text = Markup(section).striptags()
    released = f" of {RELEASED.day} {RELEASED:%B} {RELEASED.year}" if RELEASED else ""
    readings = {f"(read on {day.day} {day:%B} {day.year})" for day in days}
    assert any(
        f"{TITLE}. On the Record, version {VERSION}{released}, table Votes. http://localhost{VOTE} {reading}." in text
        for reading in readings
    )
    assert f'href="http://localhost{VOTE}"' in section


async def test_every_form_stands_on_the_page_as_it_is_in_the_file(ds: Datasette):
    page = (await ds.client.get(VOTE)).text
    for form in MEDIA_TYPES:
        file = await ds.client.get(f"{VOTE}.{form}")
        assert f"<pre>{escape(file.text)}</pre>".replace("\r\n", "\n") in page.replace("\r\n", "\n")
        assert f'href="http://localhost{VOTE}.{form}"' in page


@pytest.mark.parametrize(("form", "media_type"), MEDIA_TYPES.items())
async def test_a_form_comes_as_a_file_of_its_type(ds: Datasette, form: str, media_type: str):
    response = await ds.client.get(f"{VOTE}.{form}")
    assert response.headers["content-type"] == f"{media_type}; charset=utf-8"
    ending = {"csljson": "csl.json"}.get(form, form)
    assert response.headers["content-disposition"] == f'attachment; filename="votes-A-RES-ES-11-7-USA.{ending}"'


@pytest.mark.parametrize("form", MEDIA_TYPES)
@pytest.mark.parametrize("path", ["/record/votes", "/record", "/record/how_voted", "/record/votes/A-RES-ES-11-7,XXX"])
async def test_only_a_row_has_a_citation(ds: Datasette, path: str, form: str):
    assert (await ds.client.get(f"{path}.{form}")).status_code == 404


async def test_csl_json_is_printed_by_a_processor_with_title_address_and_day(ds: Datasette):
    response, days = await today_around(lambda: ds.client.get(f"{VOTE}.csljson"))
    [item] = response.json()
    assert (item["type"], item["version"], item["container-title"]) == ("dataset", VERSION, "On the Record")
    issued = {"date-parts": [[RELEASED.year, RELEASED.month, RELEASED.day]]} if RELEASED else None
    assert item.get("issued") == issued
    printed = bibliography(CiteProcJSON(response.json()), item["id"].lower())
    assert TITLE.lower() in printed.lower() and f"http://localhost{VOTE}" in printed
    assert "The On the Record editors" in printed
    assert any(f"(Accessed: {day:%B} {day.day}, {day.year})" in printed for day in days)


async def test_bibtex_is_printed_by_a_processor_with_its_title(ds: Datasette, tmp_path: Path):
    source = read_bibtex((await ds.client.get(f"{VOTE}.bib")).text, tmp_path)
    [key] = source
    entry = source[key]
    assert str(entry.title) == TITLE
    assert f"http://localhost{VOTE}, read on" in str(entry.note)
    assert ("issued" in entry) == (RELEASED is not None)
    assert TITLE in bibliography(source, key)


async def test_ris_is_read_with_all_parts(ds: Datasette):
    response, days = await today_around(lambda: ds.client.get(f"{VOTE}.ris"))
    [record] = rispy.loads(response.text)
    assert (record["type_of_reference"], record["title"]) == ("DATA", TITLE)
    assert record["authors"] == ["The On the Record editors"]
    assert (record["edition"], record["urls"]) == (VERSION, [f"http://localhost{VOTE}"])
    assert record.get("date") == (f"{RELEASED:%Y/%m/%d}" if RELEASED else None)
    assert record["access_date"] in {f"{day:%Y/%m/%d}" for day in days}
    assert "On the Record, table Votes" in record.values()


def test_a_hostile_title_stays_one_record_of_ris(cite: ModuleType, hostile):
    [record] = rispy.loads(cite.as_ris(hostile))
    assert record["type_of_reference"] == "DATA"
    assert record["title"] == " ".join(HOSTILE.split())


def test_a_hostile_title_stays_one_item_of_csl_json(cite: ModuleType, hostile):
    [item] = json.loads(cite.as_csl_json(hostile))
    assert item["title"] == HOSTILE


def test_a_hostile_title_stays_one_entry_of_bibtex(cite: ModuleType, hostile, tmp_path: Path):
    text = cite.as_bibtex(hostile)
    assert text.count("{") == text.count("}")
    written = "".join(line for line in text.splitlines() if not line.startswith("  url = "))
    assert not re.findall(r"(?<!\\)[%$#&_~^]", written), "a character that TeX takes for a command"
    for command in ("textbraceleft", "textbraceright", "textasciitilde", "textasciicircum", "textbackslash"):
        assert f"{{\\{command}}}" in text
    # citeproc-py takes the braces from around a command inside of a title, so the commands are not put to it.
    for character in "{}~^\\":
        hostile = hostile._replace(title=hostile.title.replace(character, ""), url="https://x.org/a_b")
    source = read_bibtex(cite.as_bibtex(hostile), tmp_path)
    assert list(source) == ["votes-a"]
    for piece in ("100% of $5 & #1: a_b", "“é” 联合国"):
        assert piece in str(source["votes-a"].title)
    assert "  url = {https://x.org/a_b,~2E}," in text.splitlines()


async def test_the_page_escapes_a_hostile_title(altered):
    ds = altered("update claims set claim = '<script>alert(1)</script> & }\"' where id = 'sociose-2025-03-02-09'")
    page = (await ds.client.get("/record/claims/sociose-2025-03-02-09")).text
    assert "<script>alert(1)" not in page and "&lt;script&gt;alert(1)" in page


async def test_a_row_of_every_table_is_cited_by_a_title_in_words(ds: Datasette, database: Path):
    """No row goes by a bare key, and none by a pattern that was not filled."""
    titles = {}
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        for (name,) in connection.execute(
            "select name from sqlite_master where type = 'table' and name not like '%_fts%'"
        ):
            keys = [row[1] for row in connection.execute("select * from pragma_table_info(?) where pk > 0", [name])]
            row = connection.execute(f"select {', '.join(keys)} from {name}").fetchone() if keys else None  # noqa: S608
            if row:
                path = f"/record/{name}/{','.join(tilde_encode(str(value)) for value in row)}"
                response = await ds.client.get(f"{path}.csljson")
                assert response.status_code == 200, path
                assert (await ds.client.get(path)).text.count('<section class="cite"') == 1, path
                titles[name] = response.json()[0]["title"]
    assert len(titles) >= 27
    for name, title in titles.items():
        assert re.search(r"[a-z]", title) and not re.search(r"[{}]|None|_id\b", title), (name, title)
    assert titles["votes"].startswith("Vote of ") and titles["claims"].startswith("Claim in ")


async def test_a_row_of_a_table_without_a_key_is_a_page_too(ds: Datasette, database: Path):
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        sql = "select name from sqlite_master where sql like 'create virtual table%' limit 1"
        [table] = connection.execute(sql).fetchone()
    assert (await ds.client.get(f"/record/{table}/1")).status_code == 200


@pytest.mark.parametrize(
    ("row", "title"),
    [
        ("bloc_memberships/EU,AUT,1995-01-01", "Membership of Austria in the European Union from 1995-01-01"),
        ("members/USA", "United States"),
        ("resolutions/A-ES-11-L-12", "A/ES-11/L.12: Assembly amendment: root causes of the conflict"),
        ("text_versions/A-RES-73-194,draft", "A/RES/73/194, draft version"),
    ],
)
async def test_titles(ds: Datasette, row: str, title: str):
    assert (await ds.client.get(f"/record/{row}.csljson")).json()[0]["title"] == title


async def test_a_row_whose_pattern_has_an_empty_column_goes_by_its_label(ds: Datasette, database: Path):
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        key, label = connection.execute("select id, label from articles where title is null").fetchone()
    assert (await ds.client.get(f"/record/articles/{key}.csljson")).json()[0]["title"] == label


def test_every_pattern_of_a_title_names_columns_that_are_there(site: Path, database: Path):
    metadata = json.loads((site / "metadata.json").read_text(encoding="utf-8"))
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        for table, pattern in metadata["databases"]["record"]["row_titles"].items():
            columns = {row[1] for row in connection.execute("select * from pragma_table_info(?)", [table])}
            assert set(re.findall(r"{(\w+)}", pattern)) <= columns, table


@pytest.mark.parametrize("form", ["", ".json", *(f".{form}" for form in MEDIA_TYPES)])
async def test_a_key_in_another_letter_case_leads_to_the_row_in_every_form(ds: Datasette, form: str):
    response = await ds.client.get(f"/record/votes/a-res-es-11-7,usa{form}")
    assert (response.status_code, response.headers["location"]) == (301, f"{VOTE}{form}")


async def test_a_retired_key_leads_to_the_row_in_every_form(ds: Datasette):
    for form in ("", ".json", *(f".{form}" for form in MEDIA_TYPES)):
        response = await ds.client.get(f"/record/sources/daytondailynews-ap{form}")
        assert (response.status_code, response.headers["location"]) == (301, f"/record/sources/ap-dayton-shea{form}")


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/A/RES/ES-11/7", "A-RES-ES-11-7"),
        ("/a/res/es-11/7", "A-RES-ES-11-7"),
        ("/S/RES/2774(2025)", "S-RES-2774-2025"),
        ("/S/RES/2774%20(2025)", "S-RES-2774-2025"),
        ("/S/RES/2774%20%282025%29", "S-RES-2774-2025"),
        ("/S/RES/2774", "S-RES-2774-2025"),
        ("/A/ES-11/L.12", "A-ES-11-L-12"),
        ("/A/73/L.47", "A-RES-73-194"),
        ("/S/2014/189", "S-2014-189"),
    ],
)
async def test_a_un_symbol_leads_to_its_text(ds: Datasette, path: str, key: str):
    response = await ds.client.get(path)
    assert (response.status_code, response.headers["location"]) == (301, f"/record/resolutions/{key}")
    assert (await ds.client.get(response.headers["location"])).status_code == 200


@pytest.mark.parametrize(
    "path", ["/A/RES/1/1", "/S/RES/277", "/S/RES/9999%20(2025)", "/A/x.json", "/S/%3Cscript%3E", "/a/%25"]
)
async def test_a_symbol_that_no_text_has_is_not_found_and_says_where_texts_are(ds: Datasette, path: str):
    response = await ds.client.get(path, follow_redirects=True)
    assert response.status_code == 404
    assert "/record/resolutions" in response.text and "for certain" in response.text
    assert "<script>" not in response.text


async def test_a_symbol_that_is_not_found_is_named_as_it_was_asked_for(ds: Datasette):
    response = await ds.client.get("/S/RES/9999%20(2025)", follow_redirects=True)
    assert "the symbol S/RES/9999 (2025) for certain" in response.text


async def test_a_symbol_that_could_be_another_texts_leads_nowhere(ds: Datasette, database: Path):
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        sql = "select symbol from resolutions where symbol_certain = 0 and symbol is not null limit 1"
        [symbol] = connection.execute(sql).fetchone()
    assert (await ds.client.get(f"/{symbol}")).status_code == 404


async def test_a_symbol_that_several_texts_have_leads_nowhere_and_names_them(altered):
    ds = altered("update resolutions set draft_symbol = 'A/RES/ES-11/7' where id = 'A-RES-ES-11-1'")
    response = await ds.client.get("/A/RES/ES-11/7")
    assert response.status_code == 404
    assert "2 texts" in response.text and "A-RES-ES-11-1, A-RES-ES-11-7" in response.text


def test_citation_cff_has_what_its_schema_requires_and_agrees_with_the_package():
    cff = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cff.keys() >= {"cff-version", "message", "title", "authors"}
    allowed = {"type", "version", "license", "abstract", "keywords", "date-released", "doi", "url", "repository-code"}
    assert cff.keys() - {"cff-version", "message", "title", "authors"} <= allowed
    assert (cff["cff-version"], cff["type"]) == ("1.2.0", "dataset")
    for key in ("title", "version", "keywords"):
        assert cff[key] == DESCRIPTOR[key]
    assert cff["abstract"] == DESCRIPTOR["description"]
    assert cff["license"] == DESCRIPTOR["licenses"][0]["name"]
    assert [author["name"] for author in cff["authors"]] == [one["title"] for one in DESCRIPTOR["contributors"]]


def test_the_version_is_one(site: Path):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    metadata = json.loads((site / "metadata.json").read_text(encoding="utf-8"))
    assert DESCRIPTOR["version"] == project["version"] == metadata["dataset"]["version"]


async def test_the_readmes_example_is_what_the_site_says(ds: Datasette):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [example] = re.findall(r"^> (Vote of .*)\(read on", readme, re.MULTILINE)
    if RELEASED is None:
        example = re.sub(r"(version \S+) of [^,]+", rf"\1{UNRELEASED}", example)
    page = (await ds.client.get(VOTE)).text
    assert example.strip() in Markup(page).striptags().replace("http://localhost", "")
