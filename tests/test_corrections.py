"""Corrections as readers see them: rows corrected, withdrawn and moved by the command, in a site built from that."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest
from conftest import addresses, closing_databases, copy_project, words
from datasette.app import Datasette

from scripts import correct
from scripts.build import main

WHY = "The record of the meeting was read wrongly."
SOURCE = "undl-4076672"
ROLL_CALL, VOTE = "/record/roll_calls/A-RES-ES-11-7", "/record/votes/A-RES-ES-11-7,SYR"
CLAIM = "sociose-2025-03-02-09"
WITHDRAWN = ("A-RES-ES-11-7,bu-today-us-sides,1", "A-RES-ES-11-7,sociose-page,1")
# A vote, the tally that it is counted in, what other sources were said to have otherwise, a claim, and a source's key.
CORRECTION = [
    *("--set", "votes", "A-RES-ES-11-7,SYR", "vote", "abstain", "no"),
    *("--set", "roll_calls", "A-RES-ES-11-7", "official_abstain", "65", "64"),
    *("--set", "roll_calls", "A-RES-ES-11-7", "official_no", "18", "19"),
    *(
        "--set",
        "claims",
        CLAIM,
        "claim",
        "Syria voted against A/RES/ES-11/7.",
        "Syria voted against A/RES/ES-11/7 < b & c.",
    ),
    *("--withdraw", "source_differences", WITHDRAWN[0], "--withdraw", "source_differences", WITHDRAWN[1]),
    *("--move", "sources", "sociose-page", "sociose-2025"),
    *("--why", WHY, "--source", SOURCE, "--on", "2026-12-05"),
]
CORRECTED = "was “abstain” and is “no”. " + WHY


@pytest.fixture(scope="module")
def corrected_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = copy_project(tmp_path_factory.mktemp("corrected") / "project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(correct, "today", lambda: date(2026, 12, 5))
        assert correct.main(CORRECTION, root=root) == 0
    assert main(["-q"], root=root) == 0
    return root


@pytest.fixture(scope="module")
def ds(corrected_project: Path) -> Iterator[Datasette]:
    with closing_databases() as opened:
        yield opened((corrected_project / "build/site").resolve())


async def page(ds: Datasette, path: str) -> str:
    response = await ds.client.get(path)
    assert response.status_code == 200, path
    return response.text


async def test_a_corrected_cell_says_what_it_said_since_when_why_and_by_which_source(ds: Datasette):
    text = await page(ds, VOTE)
    [cell] = re.findall(r'<th scope="row">vote</th>(.*?)</tr>', text, re.DOTALL)
    assert f"no Until 5 December 2026 it said “abstain”. {WHY} Source: {SOURCE} ." in words(cell)
    assert f"/record/sources/{SOURCE}" in addresses(cell)
    [other] = re.findall(r'<th scope="row">member_id</th>(.*?)</tr>', text, re.DOTALL)
    assert "Until" not in words(other)


@pytest.mark.parametrize("path", [VOTE, ROLL_CALL, "/record/members/SYR", "/record/resolutions/A-RES-ES-11-7"])
async def test_a_correction_stands_on_every_page_that_the_row_makes_up(ds: Datasette, path: str):
    [section] = re.findall(r'<section class="corrected".*?</section>', await page(ds, path), re.DOTALL)
    assert CORRECTED in words(section)
    assert VOTE in addresses(section)
    assert "in no version yet" in words(section)


@pytest.mark.parametrize(
    "path", ["/record/members/USA", "/record/roll_calls/A-RES-ES-11-1", "/record/votes/A-RES-ES-11-7,RUS"]
)
async def test_a_correction_of_another_row_stands_nowhere_else(ds: Datasette, path: str):
    assert 'class="corrected"' not in await page(ds, path)


async def test_the_pages_of_article_and_outlet_have_the_corrections_of_their_claims(ds: Datasette):
    for path in (f"/record/claims/{CLAIM}", "/record/articles/sociose-2025-03-02", "/record/outlets/sociose"):
        [section] = re.findall(r'<section class="corrected".*?</section>', await page(ds, path), re.DOTALL)
        assert "is “Syria voted against A/RES/ES-11/7 < b & c.”" in words(section)
        assert "< b" not in section


async def test_a_corrected_claim_says_so_to_machines(ds: Datasette):
    text = await page(ds, f"/record/claims/{CLAIM}")
    [script] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)
    claim = json.loads(script)["@graph"][0]
    [comment] = claim["correction"]
    assert (comment["@type"], comment["datePublished"]) == ("CorrectionComment", "2026-12-05")
    assert comment["text"].startswith("claim: was Syria voted against A/RES/ES-11/7., is ") and WHY in comment["text"]
    assert comment["@id"].endswith("/record/corrections/2026-12-05-04")


async def test_a_correction_is_in_the_feed_and_on_the_page_of_corrections(ds: Datasette):
    feed = ElementTree.fromstring((await ds.client.get("/feed.atom")).content)
    titles = [element.text for element in feed.iter("{http://www.w3.org/2005/Atom}title")]
    assert any(title.startswith("Correction in Votes, Vote: ") for title in titles)
    text = await page(ds, "/corrections")
    assert f"was “abstain”, is “no”. {WHY}" in words(text)
    assert f"source_differences {WITHDRAWN[0]} was withdrawn. {WHY}" in words(text)
    assert f"sources sociose-page became sociose-2025 . {WHY}" in words(text)


async def test_the_corrected_values_are_counted_and_checked(ds: Datasette):
    assert "19 against" in words(await page(ds, ROLL_CALL))
    [answer] = (await ds.client.get("/record/how_voted.json?roll_call=A-RES-ES-11-7&member=SYR&_shape=array")).json()
    assert answer["answer"] == "no"
    assert 'class="verdict verdict-accurate"' in await page(ds, f"/record/claims/{CLAIM}")


async def test_tables_that_changed_since_the_last_version_are_cited_as_no_version(ds: Datasette):
    [item] = (await ds.client.get(f"{VOTE}.csljson")).json()
    assert item["version"].endswith("+unreleased") and "issued" not in item
    [script] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', await page(ds, "/"), re.DOTALL)
    assert "dateModified" not in json.loads(script) and json.loads(script)["datePublished"]


@pytest.mark.parametrize("key", [*WITHDRAWN, WITHDRAWN[0].upper()])
async def test_the_address_of_a_row_that_was_withdrawn_says_why(ds: Datasette, key: str):
    response = await ds.client.get(f"/record/source_differences/{key}")
    assert response.status_code == 410
    assert f"This row was published and has been withdrawn. {WHY}" in words(response.text)
    history = next(address for address in addresses(response.text) if "row_history" in address)
    assert "first published" in await page(ds, history) or key.isupper()
    response = await ds.client.get(f"/record/source_differences/{key}.json")
    assert (response.status_code, response.json()["status"]) == (410, 410)


async def test_a_key_that_moved_leads_on_and_what_referred_to_it_does_too(ds: Datasette, corrected_project: Path):
    response = await ds.client.get("/record/sources/sociose-page")
    assert (response.status_code, response.headers["location"]) == (301, "/record/sources/sociose-2025")
    response = await ds.client.get("/record/roll_call_sources/A-RES-ES-11-7,sociose-page")
    assert response.status_code in (301, 404)
    for path in (corrected_project / "data").rglob("*.csv"):
        if path.name not in ("published_keys.csv", "redirects.csv"):
            assert ",sociose-page," not in path.read_text(encoding="utf-8"), path


async def test_the_history_of_a_row_has_its_first_version_and_each_correction(ds: Datasette):
    address = "/record/row_history.json?table_name=votes&row_key=A-RES-ES-11-7,SYR&_shape=array"
    first, corrected = (await ds.client.get(address)).json()
    assert (first["what"], first["release_id"]) == ("first published", "1.0.0")
    assert (corrected["what"], corrected["old_value"], corrected["new_value"]) == ("corrected", "abstain", "no")
    moved = (
        await ds.client.get("/record/row_history.json?table_name=sources&row_key=sociose-2025&_shape=array")
    ).json()
    assert {row["what"] for row in moved} == {"first published", "moved to sociose-2025"}


# --- how a reader reports one ---


async def test_a_row_leads_to_a_report_that_is_filled_in(ds: Datasette):
    report = next(address for address in addresses(await page(ds, VOTE)) if address.startswith("/corrections?"))
    text = await page(ds, report.partition("#")[0])
    [lines] = re.findall(r"<textarea[^>]*>(.*?)</textarea>", text, re.DOTALL)
    assert f"Address: http://localhost{VOTE}\nTable: votes\nKey: A-RES-ES-11-7,SYR\n" in lines
    assert "\n  vote: no\n" in lines and "\nVersion: 1.0.0+unreleased\n" in lines
    assert "as an issue or a pull request to the project" in words(text)


async def test_an_error_leads_to_a_report_of_its_address(ds: Datasette):
    response = await ds.client.get('/record/votes/"><img src=x onerror=alert(1)>,USA', follow_redirects=True)
    assert response.status_code == 404
    report = next(address for address in addresses(response.text) if address.startswith("/corrections?"))
    text = await page(ds, report.partition("#")[0])
    assert "Address: http://localhost/record/votes/" in text and "<img" not in text + response.text


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?database=record&table=votes&key=x",
        "?database=record&table=sqlite_master&key=x",
        "?database=x&table=votes&key=A-RES-ES-11-7,USA",
        "?address=https://elsewhere.example/",
        "?address=/" + "a" * 501,
        "?address=/%0AAddress:%20x",
    ],
)
async def test_a_report_about_nothing_known_has_an_empty_place(ds: Datasette, query: str):
    assert "readonly>Address: \nVersion: " in await page(ds, f"/corrections{query}")


@pytest.mark.parametrize(
    ("address", "link", "shown"),
    [
        ("mailto:editors@example.org", "mailto:editors@example.org?subject=Correction", "editors@example.org"),
        ("https://example.org/report", "https://example.org/report", "https://example.org/report"),
    ],
)
async def test_the_report_goes_where_the_package_says(
    site: Path, tmp_path: Path, open_site: Callable[[Path], Datasette], address: str, link: str, shown: str
):
    copy = tmp_path / "site"
    copy.symlink_to(site)
    ds = open_site(copy)
    ds._metadata_local = {**ds._metadata_local, "dataset": {**ds.metadata("dataset"), "report_corrections_to": address}}
    text = await page(ds, "/corrections")
    assert any(found.startswith(link) for found in addresses(text))
    assert f"Send it to {shown} ." in words(text)


def test_reports_go_to_no_other_kind_of_address(project: Path, build: Callable[..., tuple[int, str]]):
    descriptor = project / "datapackage.yaml"
    descriptor.write_text(
        descriptor.read_text(encoding="utf-8") + "report_corrections_to: javascript:alert(1)\n", encoding="utf-8"
    )
    code, said = build(project, "--validate")
    assert code == 1
    assert "datapackage.yaml, field report_corrections_to: is not as it has to be" in said
