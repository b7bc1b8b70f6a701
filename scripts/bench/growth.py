"""How build, size, queries and pages grow: a quarter, a half and the whole archive, and four times it."""

from scripts.bench.answers import RUNS, time_queries
from scripts.bench.lab import Lab
from scripts.bench.pages import BIGGEST, facets_seconds
from scripts.bench.result import Listing, Section, amount
from scripts.serving import served

SHARES = {0.25: "a quarter", 0.5: "a half", 1: "the whole", 4: "four times"}
# The last takes as long as all the others.
BUILDS = {0.25: 2, 0.5: 2, 1: 2, 4: 1}
REQUESTS = 10
MEANING = (
    "Quarters and halves have whole roll calls, evenly chosen over the years; four times the archive repeats each roll "
    "call under other numbers and symbols in the same years, so pairs of members grow in what they count and not in "
    "rows. Of two or three builds the lowest counts; four times the archive is built once. In brackets: the ratio to "
    "the whole."
)


def measure(lab: Lab) -> Section:
    """A listing with a column a size, and what grows faster than the rows do."""
    measured = {share: _figures(lab, share) for share in SHARES}
    cells = [
        (what, *(f"{amount(measured[share][what])} ({measured[share][what] / whole:.2f})" for share in SHARES))
        for what, whole in measured[1].items()
    ]
    listing = Listing("Growth", ("what", *SHARES.values()), cells)
    votes = measured[4]["votes"] / measured[1]["votes"]
    faster = [what for what, whole in measured[1].items() if measured[4][what] / whole > 1.1 * votes]
    finding = (
        f"At four times the size these grow by more than a tenth above the votes: {', '.join(faster)}."
        if faster
        else "Nothing grows faster than the votes."
    )
    return Section("Growth", MEANING, [], [listing], [finding])


def _figures(lab: Lab, share: float) -> dict[str, float]:
    """What is measured at one size, by its name with the unit."""
    build = lab.built(share, lab.runs(BUILDS[share]))
    slowest = time_queries(lab.database(share), lab.runs(RUNS))[0]
    with served([str(lab.site(share))]) as url:
        with_facets, without = facets_seconds(url, lab.runs(REQUESTS))
    return {
        "votes": lab.share(share).rows,
        "archive build, s": build.seconds,
        "most memory of the build, MB": build.peak / 1e6,
        "archive.db, MB": lab.database(share).stat().st_size / 1e6,
        "slowest canned query, p95 ms": slowest.p95,
        f"{BIGGEST} with facets, ms": 1000 * with_facets,
        f"{BIGGEST} without, ms": 1000 * without,
    }
