"""How long pages take: the archive's biggest table with facets and without, and the record's beside bare Datasette."""

import html
import json
import re
from functools import partial

import httpx

from scripts.bench.lab import Lab
from scripts.bench.result import Goal, Listing, Row, Section
from scripts.bench.timing import median_seconds, medians_in_turns
from scripts.build import ROOT
from scripts.load import reading
from scripts.page_types import PAGE_TYPES
from scripts.queries import ARCHIVE, read_metadata
from scripts.serving import as_options, get, read_settings, served

REQUESTS = 20
FIRST_BYTES = 15
COUNTS = 5
BIGGEST = "/archive/votes"
PAGES = ("/record/votes", "/record/votes.json?_shape=array", "/record/claims", "/record/votes/A-RES-ES-11-7,USA")
# What a browser fetches to show a page: style sheets, scripts and pictures.
LOADED = re.compile(r'<(?:link rel="stylesheet" href|script src|img src)="([^"]+)"')
FACETS_MEANING = (
    "The page of the archive's biggest table, as a reader opens it, beside the same page with facets turned off. "
    "Medians of {requests} requests each, in turns, after one that does not count."
)
RECORD_MEANING = (
    "Pages of the record from this project's Datasette and from one without its plugins and templates, with the same "
    "settings. Medians of {requests} requests each, in turns, after one that does not count. The ratio is of seconds: "
    "below 1 the site is the faster."
)
WEIGHTS_MEANING = "What a browser fetches to show one page of each type, and how soon the first byte comes."


def measure_facets(lab: Lab) -> Section:
    """The biggest table of the archive with its default facets and without."""
    requests = lab.runs(REQUESTS)
    with served([str(lab.site(1))]) as url:
        told = json.loads(get(f"{url}{BIGGEST}.json?_size=1"))
        with_facets, without = facets_seconds(url, requests)
    facets = read_metadata(ROOT)["databases"][ARCHIVE]["tables"][BIGGEST.rpartition("/")[2]]["facets"]
    what = f"{BIGGEST} with its facets {', '.join(facets)}, {told['filtered_table_rows_count']:,} rows"
    late = [facet for facet in facets if facet not in told["facet_results"]]
    counted = ", ".join(f"{facet} {_count_milliseconds(lab, facet):.0f} ms" for facet in facets)
    finding = f"SQLite alone counts the facets in: {counted}. Out of time on the page: {', '.join(late) or 'none'}."
    row = Row(what, 1000 * with_facets, "the same page with no facet", 1000 * without, "ms", Goal(1.5))
    return Section("Facets", FACETS_MEANING.format(requests=requests), [row], findings=[finding])


def _count_milliseconds(lab: Lab, column: str) -> float:
    """How long SQLite takes to count the rows of the biggest table by a column."""
    statement = f"select {column}, count(*) from {BIGGEST.rpartition('/')[2]} group by 1 order by 2 desc limit 21"  # noqa: S608
    with reading(lab.database(1)) as connection:
        return 1000 * median_seconds(lambda: connection.execute(statement).fetchall(), lab.runs(COUNTS))


def facets_seconds(url: str, requests: int) -> tuple[float, float]:
    """The median seconds of the biggest table's page of a site with its default facets, and with none."""
    return _in_turns(url + BIGGEST, f"{url}{BIGGEST}?_nofacet=1", requests)


def measure_record(lab: Lab) -> Section:
    """Pages of the record beside bare Datasette's, and its votes with two facets beside none."""
    requests = lab.runs(REQUESTS)
    site = lab.site(1)
    bare = ["-i", str(site / "record.db"), *as_options(read_settings(site))]
    rows = []
    with served([str(site)]) as ours, served(bare) as peer:
        for page in PAGES:
            first, second = _in_turns(ours + page, peer + page, requests)
            rows.append(Row(f"{page} of the site", 1000 * first, "Datasette without our dress", 1000 * second, "ms"))
        first, second = _in_turns(
            f"{peer}/record/votes?_facet=vote&_facet=roll_call_id", f"{peer}/record/votes", requests
        )
        rows.append(
            Row("/record/votes of bare Datasette with two facets", 1000 * first, "without", 1000 * second, "ms")
        )
    return Section("Pages of the record", RECORD_MEANING.format(requests=requests), rows)


def _in_turns(first: str, second: str, requests: int) -> tuple[float, float]:
    for url in (first, second):
        get(url)
    return medians_in_turns(partial(get, first), partial(get, second), requests)


def measure_weights(lab: Lab) -> Section:
    """Each type of page: its HTML, what is sent of it, that with all it loads, in how many requests, and how soon."""
    with served([str(lab.site(1))]) as url, httpx.Client(base_url=url) as client:
        rows = [_weight(client, name, address, lab.runs(FIRST_BYTES)) for name, address in PAGE_TYPES.items()]
    header = ("type of page", "kB of HTML", "kB sent", "with what it loads", "requests", "ms to the first byte")
    return Section("What pages weigh", WEIGHTS_MEANING, [], [Listing("Types of page", header, rows)])


def _weight(client: httpx.Client, name: str, address: str, runs: int) -> tuple[str, ...]:
    page = client.get(address)
    parts = [client.get(html.unescape(part)) for part in sorted(set(LOADED.findall(page.text)))]
    whole = sum(answer.num_bytes_downloaded for answer in (page, *parts))
    soon = median_seconds(partial(_first_byte, client, address), runs)
    kilobytes = (f"{size / 1000:.1f}" for size in (len(page.content), page.num_bytes_downloaded, whole))
    return (name, *kilobytes, str(1 + len(parts)), f"{1000 * soon:.1f}")


def _first_byte(client: httpx.Client, address: str) -> None:
    """Ask for a page and leave when its head is there."""
    with client.stream("GET", address):
        pass
