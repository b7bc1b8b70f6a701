"""The pictures and the atlas: what they draw is what the record has, each has its words, and a browser shows them."""

import json
import os
import re
import sqlite3
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import shapely
from axe_playwright_python.sync_playwright import Axe
from datasette.app import Datasette
from playwright.sync_api import Browser, Page
from shapely.geometry import MultiPolygon, Point, box, shape

from scripts.atlas import give_crimea, place
from scripts.build import ROOT
from scripts.pictures import DARK, draw
from scripts.problems import BadDataError
from scripts.queries import read_metadata, read_queries
from tests.conftest import Server

SPECIFICATIONS = sorted((ROOT / "site/pictures").glob("*.vl.json"))
CHARTS = ["us-and-russia", "support", "who-moved", "blocs", "verdicts", "copied-error"]
SVG = "{http://www.w3.org/2000/svg}"
COLOUR_OF = {
    "in favour": "#2c6fa6",
    "against": "#c0572a",
    "abstaining": "#d8b04a",
    "not voting": "#aeb6bf",
    "not known": "#cfc3de",
    "no seat": "#e3e8ed",
    "no vote of its own": "#e3e8ed",
}
VOTE_OF = {"yes": "in favour", "no": "against", "abstain": "abstaining", "not_voting": "not voting"}
NOTE = (
    "The boundaries and names shown and the designations used on this map do not imply official endorsement or "
    "acceptance by the United Nations."
)
TOWNS = {"Simferopol": (34.1, 44.95), "Sevastopol": (33.52, 44.6), "Kerch": (36.47, 45.35)}


@pytest.fixture(scope="module")
def atlas() -> dict[str, Any]:
    return json.loads((ROOT / "site/pictures/atlas.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def shapes(atlas: dict[str, Any]) -> dict[str, Any]:
    return {feature["id"]: shape(feature["geometry"]) for feature in atlas["features"]}


@pytest.fixture(scope="module")
def folder(site: Path) -> Path:
    return site / "static/pictures"


@pytest.fixture(scope="module")
def catalogue(folder: Path) -> dict[str, dict[str, Any]]:
    return json.loads((folder / "catalogue.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def record(database: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    yield connection
    connection.close()


def texts_of(folder: Path, name: str) -> list[str]:
    """The words in a drawing, in their order."""
    drawing = ET.parse(folder / f"{name}.svg").getroot()
    return [text.text or "" for text in drawing.iter(f"{SVG}text")]


def maps(catalogue: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [entry for name, entry in catalogue.items() if name.startswith("map-")]


# --- the atlas ---


def test_the_atlas_has_every_member_once(atlas: dict[str, Any], record: sqlite3.Connection):
    members = [feature["id"] for feature in atlas["features"] if feature["properties"]["member"]]
    assert sorted(members) == [row["id"] for row in record.execute("select id from members order by id")]
    assert len(members) == 193


@pytest.mark.parametrize("town", TOWNS)
def test_crimea_lies_in_ukraine_and_not_in_russia(town: str, shapes: dict[str, Any]):
    point = Point(place(*TOWNS[town]))
    assert shapes["UKR"].contains(point)
    assert not shapes["RUS"].contains(point)


@pytest.mark.parametrize(
    ("longitude", "latitude", "owner"),
    [
        (-13.2, 27.15, "W. Sahara"),
        (-15.93, 23.69, "W. Sahara"),
        (-11.67, 26.74, "W. Sahara"),
        (35.69, 32.99, "SYR"),
        (34.45, 31.5, "Palestine"),
    ],
    ids=["Laayoune", "Dakhla", "Smara", "Katzrin", "Gaza"],
)
def test_a_town_lies_where_the_united_nations_has_it(longitude: float, latitude: float, owner: str, shapes: dict):
    assert [name for name, drawn in shapes.items() if drawn.contains(Point(place(longitude, latitude)))] == [owner]


def test_no_border_is_left_between_crimea_and_the_rest_of_ukraine(shapes: dict[str, Any]):
    parts = [part for part in shapely.get_parts(shapes["UKR"]) if part.contains(Point(place(*TOWNS["Simferopol"])))]
    assert [part.contains(Point(place(30.52, 50.45))) for part in parts] == [True]
    assert shapes["UKR"].intersection(shapes["RUS"]).area < 0.5


def test_the_polygon_of_simferopol_changes_hands_and_nothing_else():
    crimea, elsewhere, mainland = box(33, 44, 36, 46), box(40, 44, 60, 60), box(25, 46, 38, 52)
    given = give_crimea({"RUS": MultiPolygon([crimea, elsewhere]), "UKR": mainland, "POL": box(15, 50, 24, 54)})
    assert given["UKR"].geom_type == "Polygon" and given["UKR"].equals(mainland.union(crimea))
    assert given["RUS"].equals(elsewhere) and given["POL"].equals(box(15, 50, 24, 54))


@pytest.mark.parametrize(
    ("longitude", "latitude", "member"),
    [(44.06, 9.56, "SOM"), (-149.9, 61.2, "USA"), (172.0, 66.5, "RUS"), (-172.9, 65.5, "RUS"), (-52.3, 4.0, "FRA")],
    ids=["Hargeisa", "Anchorage", "Chukotka", "beyond 180 degrees", "Guiana"],
)
def test_a_place_lies_in_its_member(longitude: float, latitude: float, member: str, shapes: dict[str, Any]):
    assert [name for name, drawn in shapes.items() if drawn.contains(Point(place(longitude, latitude)))] == [member]


def test_the_north_of_cyprus_somaliland_and_the_pole_are_no_shapes_of_their_own(shapes: dict[str, Any]):
    assert not {"N. Cyprus", "Somaliland", "Antarctica"} & shapes.keys()
    assert {"Greenland", "Kosovo", "Palestine", "Taiwan", "W. Sahara"} <= shapes.keys()


def test_shapes_are_whole_numbers_within_the_map_and_do_not_overlap(atlas: dict[str, Any], shapes: dict[str, Any]):
    assert all(drawn.is_valid and not drawn.is_empty for drawn in shapes.values())
    left, top, right, bottom = shapely.total_bounds(list(shapes.values()))
    assert min(left, top) >= 0 and right <= atlas["width"] and bottom <= atlas["height"] + 5
    areas = [drawn for drawn in shapes.values() if drawn.area]
    assert sum(drawn.area for drawn in areas) - shapely.union_all(areas).area < 30


def test_dots_do_not_hide_one_another(shapes: dict[str, Any]):
    dots = [drawn for drawn in shapes.values() if drawn.geom_type == "Point"]
    assert len(dots) > 30
    assert min(a.distance(b) for i, a in enumerate(dots) for b in dots[:i]) > 5


def test_the_atlas_says_where_it_comes_from(atlas: dict[str, Any]):
    assert atlas["source"]["version"] == "2.0.2" and "public domain" in atlas["source"]["licence"]
    assert all(re.fullmatch(r"[0-9a-f]{64}", found) for found in atlas["source"]["sha256"].values())
    assert (ROOT / "site/pictures/atlas.json").stat().st_size < 150_000


# --- the drawings ---


@pytest.mark.parametrize("specification", SPECIFICATIONS, ids=lambda path: path.name)
def test_a_specification_draws_a_query_of_the_site(specification: Path):
    spec = json.loads(specification.read_text(encoding="utf-8"))
    assert spec["usermeta"]["query"] in read_queries(read_metadata(ROOT))
    assert specification.with_name(specification.name.replace(".vl.json", ".sql")).is_file()
    assert "url" not in spec.get("data", {})


def test_a_specification_that_names_no_query_is_told(record: sqlite3.Connection):
    with pytest.raises(BadDataError, match=r"pictures/map\.vl\.json.*positions_on_roll_call"):
        next(draw(ROOT / "site/pictures/map.vl.json", record, [], {}))


def test_every_picture_is_drawn_with_its_words(folder: Path, catalogue: dict[str, dict[str, Any]]):
    assert {path.stem for path in folder.glob("*.svg")} == catalogue.keys() >= set(CHARTS)
    for name, entry in catalogue.items():
        root = ET.parse(folder / f"{name}.svg").getroot()
        assert (root.get("role"), root.get("lang")) == ("img", "en")
        assert root.findtext(f"{SVG}title") == entry["title"]
        assert root.findtext(f"{SVG}desc") == entry["alternative"]
        assert entry["sentence"].endswith(".") and len(entry["sentence"]) > 40
        assert (float(root.get("width", 0)), float(root.get("height", 0))) == (entry["width"], entry["height"])


def test_no_number_is_missing_and_nothing_comes_from_elsewhere(folder: Path):
    for path in folder.glob("*.svg"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"NaN|undefined|null|Infinity|href|url\(|<script|\d\.\d{3}", text), path.name


async def test_the_numbers_of_every_picture_open(ds: Datasette, catalogue: dict[str, dict[str, Any]]):
    for entry in catalogue.values():
        response = await ds.client.get(entry["numbers"])
        assert response.status_code == 200, entry["numbers"]
        assert (await ds.client.get(entry["file"])).headers["content-type"].startswith("image/svg+xml")


def test_every_roll_call_with_a_known_vote_has_a_map(catalogue: dict, record: sqlite3.Connection):
    expected = {f"map-{row[0]}" for row in record.execute("select distinct roll_call_id from votes")}
    assert {entry["id"] for entry in maps(catalogue)} == expected


def test_a_maps_colours_are_the_votes(folder: Path, catalogue: dict, record: sqlite3.Connection):
    names = {row["short_name"]: row["id"] for row in record.execute("select id, short_name from members")}
    for entry in maps(catalogue):
        votes = dict(record.execute("select member_id, vote from votes where roll_call_id = ?", [entry["id"][4:]]))
        drawn = {}
        for path in ET.parse(folder / f"{entry['id']}.svg").getroot().iter(f"{SVG}path"):
            if (said := path.findtext(f"{SVG}title")) is not None:
                name, _, position = said.rpartition(": ")
                assert path.get("fill") == COLOUR_OF[position], said
                drawn[name] = position
        assert {names[name]: position for name, position in drawn.items() if name in names}.keys() == set(
            names.values()
        )
        for name, member in names.items():
            if member in votes:
                assert drawn[name] == VOTE_OF[votes[member]]
            else:
                assert drawn[name] in ("not known", "no seat")
        assert {position for name, position in drawn.items() if name not in names} == {"no vote of its own"}


def test_a_maps_words_have_the_official_tally(folder: Path, catalogue: dict, record: sqlite3.Connection):
    """And where not every vote is known by name, how many the map shows."""
    for entry in maps(catalogue):
        name = entry["id"].removeprefix("map-")
        tally = record.execute(
            "select label, official_count, members_known from roll_call_counts where roll_call_id = ?", [name]
        )
        for label, official, known in tally.fetchall():
            for words in (entry["sentence"], entry["alternative"]):
                said = re.findall(rf"(\d+) {label}\b", words)
                assert said == ([] if official is None else [str(official)]), (name, label)
            assert [key["members"] for key in entry["keys"] if key["label"] == label] == ([known] if known else [])
        assert sum(key["members"] for key in entry["keys"]) == 193
        assert {key["says"] for key in entry["keys"]} <= set(texts_of(folder, entry["id"]))
        partly = any(key["label"] == "not known" for key in entry["keys"])
        assert partly == ("known by name" in entry["sentence"]) == ("known by name" in entry["alternative"])


def test_the_map_of_a_roll_call_known_in_part_says_so(catalogue: dict):
    entry = catalogue["map-A-73-PV-3-vote-1"]
    assert entry["sentence"] == (
        "In the General Assembly on 21 September 2018: the tally was 68 in favour, 13 against, 48 abstaining, "
        "64 not voting; adopted. Of 193 members the map shows the 13 whose votes are known by name."
    )
    assert "against 13 (known by name)" in [key["says"] for key in entry["keys"]]


def test_days_are_in_words(catalogue: dict):
    said = " ".join(entry["sentence"] + entry["alternative"] for entry in catalogue.values())
    assert not re.search(r"\d{4}-\d\d-\d\d", said)


def test_support_says_what_it_leaves_out(catalogue: dict):
    assert "not counting A/RES/77/284 on cooperation with the Council of Europe" in catalogue["support"]["sentence"]


def test_the_copied_error_says_that_its_first_article_was_not_seen(catalogue: dict):
    for words in (catalogue["copied-error"]["sentence"], catalogue["copied-error"]["alternative"]):
        assert "The Associated Press was not seen itself" in words and "Dayton Daily News" in words


def test_a_bubbles_area_is_its_count(folder: Path):
    text = (folder / "verdicts.svg").read_text(encoding="utf-8")
    radii = sorted(float(radius) for radius in re.findall(r"A([\d.]+),", text))
    assert radii[0] < 1 and radii[-1] == 20


def test_a_council_map_has_fifteen_seats(catalogue: dict):
    keys = {key["label"]: key["members"] for key in catalogue["map-S-RES-2774-2025"]["keys"]}
    assert keys == {"in favour": 10, "abstaining": 5, "no seat": 178}
    assert catalogue["map-S-RES-2774-2025"]["keys"][-1]["says"] == "no seat 178, or no vote of its own"


def test_under_every_map_stands_the_united_nations_note(catalogue: dict):
    assert all(NOTE in entry["note"] and "Natural Earth, public domain" in entry["note"] for entry in maps(catalogue))
    assert all(entry["note"] is None for name, entry in catalogue.items() if not name.startswith("map-"))


def test_support_has_the_official_tallies(folder: Path, catalogue: dict, record: sqlite3.Connection):
    tallies = record.execute("""
        select official_yes, official_no, official_abstain, official_not_voting
        from roll_calls join resolutions on resolutions.id = resolution_id
        where roll_calls.kind = 'whole_text' and roll_calls.body = 'GA' and series <> 'council_of_europe'
          and resolution_id in (select resolution_id from sponsorships where member_id = 'UKR')
    """).fetchall()
    counts = Counter(str(count) for tally in tallies for count in tally if count is not None and count >= 11)
    assert Counter(text for text in texts_of(folder, "support") if text.isdigit()) == counts
    assert f"{len(tallies)} texts" in catalogue["support"]["sentence"]
    assert f"({max(tally[0] for tally in tallies)} on" in catalogue["support"]["sentence"]
    assert f"({min(tally[0] for tally in tallies)} on" in catalogue["support"]["sentence"]


def test_two_lines_have_a_bar_a_vote(folder: Path, catalogue: dict, record: sqlite3.Connection):
    votes = Counter(
        tuple(row)
        for row in record.execute("""
            select member_id, vote from votes join roll_calls on roll_calls.id = roll_call_id
            where body = 'GA' and kind = 'whole_text' and member_id in ('USA', 'RUS')
        """)
    )
    bars = Counter(path.get("fill") for path in ET.parse(folder / "us-and-russia.svg").getroot().iter(f"{SVG}path"))
    for vote in ("no", "abstain", "yes"):
        symbols = 1  # in the key
        both = votes["USA", vote] + votes["RUS", vote]
        assert bars[COLOUR_OF[VOTE_OF[vote]]] - symbols == both, vote
    sentence = catalogue["us-and-russia"]["sentence"]
    assert f"in favour of {votes['USA', 'yes']} and against {votes['USA', 'no']}" in sentence
    assert f"in favour of {votes['RUS', 'yes']} and against {votes['RUS', 'no']}" in sentence


def test_who_moved_has_every_member_once(folder: Path, catalogue: dict, record: sqlite3.Connection):
    ways = Counter(
        tuple(row)
        for row in record.execute("""
            select a.vote, b.vote from votes as a join votes as b using (member_id)
            where a.roll_call_id = 'A-RES-ES-11-1' and b.roll_call_id = 'A-RES-ES-11-7'
        """)
    )
    assert Counter(text for text in texts_of(folder, "who-moved") if text.isdigit()) == Counter(map(str, ways.values()))
    moved = sum(count for (before, after), count in ways.items() if before != after)
    assert catalogue["who-moved"]["sentence"].startswith(f"{moved} of {sum(ways.values())} members")
    assert "United States" in catalogue["who-moved"]["alternative"]


def test_blocs_have_the_shares_of_the_votes(catalogue: dict, record: sqlite3.Connection):
    [mean] = record.execute("""
        select round(100 * avg(1.0 * max(in_favour, against, abstaining) / eligible))
        from bloc_votes join roll_calls on roll_calls.id = roll_call_id
        where bloc_id = 'BRICS' and known = eligible and body = 'GA' and kind = 'whole_text'
    """).fetchone()
    assert f"BRICS {mean:.0f} %" in catalogue["blocs"]["sentence"]
    assert catalogue["blocs"]["sentence"].count(" %") == 6


def test_verdicts_have_the_counts_of_the_claims(folder: Path, catalogue: dict, record: sqlite3.Connection):
    counts = [str(row[0]) for row in record.execute("select count(*) from claims group by kind, verdict")]
    assert Counter(text for text in texts_of(folder, "verdicts") if text.isdigit()) == Counter(counts)
    [contradicted] = record.execute("select count(*) from claims where verdict = 'inaccurate'").fetchone()
    assert f"contradicts {contradicted}." in catalogue["verdicts"]["sentence"]


def test_verdicts_stand_in_the_order_of_the_codebook(folder: Path):
    words = texts_of(folder, "verdicts")
    order = ["accurate", "imprecise", "ambiguous", "inaccurate", "undetermined", "accurate elsewhere"]
    assert [word for word in words if word in order] == order


def test_the_copied_error_has_its_outlets_and_the_records_answer(
    folder: Path, catalogue: dict, record: sqlite3.Connection
):
    rows = record.execute(read_queries(read_metadata(ROOT))["copied_error"].sql, {"article": ""}).fetchall()
    assert [text for text in texts_of(folder, "copied-error") if text in {row["outlet"] for row in rows}] == [
        row["outlet"] for row in rows
    ]
    assert max(row["steps"] for row in rows) == 2
    contradicted = [row for row in rows if row["claim_id"]]
    assert catalogue["copied-error"]["sentence"].startswith(f"{len(contradicted)} articles have the claim")
    for row in contradicted:
        verdict = record.execute("select verdict from claims where id = ?", [row["claim_id"]]).fetchone()[0]
        assert verdict == "inaccurate"


def test_drawings_follow_light_and_dark(folder: Path):
    for path in folder.glob("*.svg"):
        text = path.read_text(encoding="utf-8")
        assert "@media (prefers-color-scheme:dark)" in text
        drawn = set(re.findall(r'(?:fill|stroke)="(#[0-9a-f]+)"', text))
        # Yellow, the frame of a key, and the letters on yellow and grey are read on both grounds.
        assert drawn - DARK.keys() <= {"#d8b04a", "#9aa3ad", "#17202a"}, path.name
        assert all(f'[fill="{colour}"]' in text for colour in drawn & DARK.keys())
        assert not re.search(r'fill="(white|black|#000|#fff)"', text), path.name


def test_no_picture_weighs_more_than_120_kilobytes(folder: Path):
    assert max(path.stat().st_size for path in folder.glob("*.svg")) < 120_000


def test_the_same_record_is_drawn_as_the_same_bytes(site: Path, folder: Path, tmp_path: Path):
    """In another process, in another order, elsewhere in the world."""
    program = """
import sys
from pathlib import Path
from scripts.pictures import draw_pictures
from scripts.queries import read_metadata, read_queries
target, database = map(Path, sys.argv[1:])
draw_pictures(target, database, Path("site/pictures"), read_queries(read_metadata(Path("."))))
"""
    elsewhere = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "12345", "PYTHONUTF8": "0"}
    command = [sys.executable, "-c", program, str(tmp_path), str(site / "record.db")]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **elsewhere}, check=True)
    drawn = {path.name: path.read_bytes() for path in (tmp_path / "static/pictures").iterdir()}
    assert drawn == {path.name: path.read_bytes() for path in folder.iterdir()}


# --- the page ---


async def test_the_page_has_every_picture_and_links_every_map(ds: Datasette, catalogue: dict):
    page = (await ds.client.get("/pictures")).text
    assert re.findall(r'<figure class="picture" id="([^"]+)">', page) == CHARTS
    assert set(re.findall(r'<li>\d{4}-\d\d-\d\d: <a href="([^"]+)">', page)) == {
        entry["page"] for entry in maps(catalogue)
    }
    assert page.count("The numbers</a>") == len(CHARTS)
    years = [int(year) for year in re.findall(r"<h3>(\d{4})</h3>", page)]
    assert years == sorted(years, reverse=True) and years[0] == 2026


async def test_a_template_gets_a_figure_or_nothing(ds: Datasette, catalogue: dict):
    await ds.invoke_startup()
    template = ds.jinja_env.from_string("{{ picture(name) }}|{{ picture(name, 2) }}|{{ picture('nothing') }}")
    figure, headed, nothing = (await ds.render_template(template, {"name": "map-A-RES-ES-11-7"})).split("|")
    assert '<p class="picture-title">' in figure and '<h2 class="picture-title">' in headed and nothing == ""
    assert NOTE in figure and 'src="/static/pictures/map-A-RES-ES-11-7.svg"' in figure
    assert 'href="/record/positions_on_roll_call?roll_call=A-RES-ES-11-7"' in figure
    assert "swatch-not_voting" in figure and "not voting 17" in figure


@pytest.fixture(params=[(1280, "light"), (360, "dark")], ids=["wide and light", "narrow and dark"])
def page(browser: Browser, server: Server, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, scheme = request.param
    context = browser.new_context(base_url=server.url, viewport={"width": width, "height": 800}, color_scheme=scheme)
    yield context.new_page()
    context.close()


def test_the_page_fits_and_axe_finds_nothing(page: Page):
    page.goto("/pictures")
    page.evaluate("document.querySelectorAll('img').forEach(image => image.loading = 'eager')")
    # Waiting for a function to hold asks again within the page, whose policy lets no text run as a script.
    page.evaluate("Promise.all([...document.images].map(image => image.decode()))")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert [violation["id"] for violation in Axe().run(page).response["violations"]] == []


# Colours beyond grey that the picture has, each counted once for a pixel; asked of the drawing on a canvas.
COLOURED = """async (file) => {
    const image = new Image();
    image.src = file;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const bytes = context.getImageData(0, 0, canvas.width, canvas.height).data;
    let [coloured, clear] = [0, 0];
    for (let i = 0; i < bytes.length; i += 4) {
        const [red, green, blue, alpha] = bytes.slice(i, i + 4);
        if (alpha > 60 && Math.max(red, green, blue) - Math.min(red, green, blue) > 30) coloured++;
        // Clear on light, the site's own dark on dark.
        if (alpha === 0 || (red === 18 && green === 23 && blue === 29)) clear++;
    }
    return [coloured, clear];
}"""


def test_every_picture_draws_in_a_browser_on_a_clear_ground(page: Page, catalogue: dict):
    page.goto("/pictures")
    names = [*CHARTS, *(entry["id"] for entry in maps(catalogue)[::9])]
    for name in names:
        coloured, clear = page.evaluate(COLOURED, catalogue[name]["file"])
        assert coloured > 150 and clear > 10_000, (name, coloured, clear)
