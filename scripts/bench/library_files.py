"""Files of the archive's size, the Library's own if at hand, else made up in its layout; and shares of them."""

import csv
import gzip
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import numpy as np

from scripts.build import ROOT

HERE = Path(__file__).parent
BODIES = {"ga": "General Assembly", "sc": "Security Council"}
FIRST_COLUMNS = ("undl_id", "ms_code", "ms_name", "ms_vote")
TOTALS = ("total_yes", "total_no", "total_abstentions", "total_non_voting", "total_ms")
COLUMNS = {
    "ga": (
        *("date", "session", "resolution", "draft", "committee_report", "meeting", "title", "agenda_title"),
        *("subjects", "vote_note", *TOTALS, "undl_link"),
    ),
    "sc": (
        *("permanent_member", "date", "resolution", "draft", "meeting", "description", "agenda"),
        *("subjects", "modality", "vote_note", *TOTALS, "undl_link"),
    ),
}
PERMANENT = ("CHN", "FRA", "GBR", "RUS", "USA")
# Of the Library's files: how often each vote is cast, and the lengths at these shares of the texts.
WEIGHTS = {"ga": {"Y": 75, "A": 11, "N": 5, "X": 9}, "sc": {"Y": 957, "A": 26, "N": 1, "X": 16}}
SHARES = (0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1)
TITLE_LENGTHS = {"ga": (57, 72, 87, 108, 154, 196, 314, 650), "sc": (67, 91, 106, 129, 157, 200, 294, 384)}
AGENDA_LENGTHS = {"ga": (27, 50, 66, 101, 156, 216, 340, 796), "sc": (2, 3, 25, 45, 81, 111, 193, 301)}
WORDS = (
    *("question", "report", "measures", "rights", "peace", "development", "situation", "implementation", "cooperation"),
    *("international", "assistance", "administration", "budget", "ocean", "climate", "trade", "disarmament", "review"),
    *("conference", "decade", "protection", "observance", "of", "and", "on", "the", "for", "in"),
)
SEED = 1946
COPY = "copy ({query}) to '{path}' (header, delimiter ',')"


@dataclass(frozen=True)
class Files:
    """The two files of votes in a folder, plain CSV, and whether they were made up."""

    folder: Path
    made_up: bool

    @property
    def paths(self) -> tuple[Path, Path]:
        """The file of the General Assembly and that of the Security Council."""
        return self.folder / "ga_voting.csv", self.folder / "sc_voting.csv"

    @property
    def size(self) -> int:
        """Bytes of both."""
        return sum(path.stat().st_size for path in self.paths)

    @cached_property
    def rows(self) -> int:
        """Votes in both."""
        count = 0
        for path in self.paths:
            with path.open(encoding="utf-8", newline="") as file:
                count += sum(1 for _ in csv.reader(file)) - 1
        return count


def whole_files(folder: Path, bulk: Path, scale: float = 1) -> Files:
    """The whole files, or `scale` of their roll calls: those of the folder `bulk` if it has them, else made-up ones."""
    sources = [bulk / f"{body}_voting.csv.gz" for body in BODIES]
    made_up = not all(path.exists() for path in sources)
    whole = Files(folder / ("whole" if made_up or scale == 1 else "unpacked"), made_up)
    whole.folder.mkdir(parents=True)
    for body, source, path in zip(BODIES, sources, whole.paths, strict=True):
        if made_up:
            _make_up(path, body, scale)
        else:
            with gzip.open(source) as packed, path.open("wb") as file:
                shutil.copyfileobj(packed, file)
    return whole if made_up or scale == 1 else library_files(folder / "whole", whole, scale)


def library_files(folder: Path, whole: Files, share: float) -> Files:
    """A share of the roll calls of both files, or for a whole number `share` that many times as many, no key twice."""
    folder.mkdir(parents=True)
    files = Files(folder, whole.made_up)
    for source, path in zip(whole.paths, files.paths, strict=True):
        if share <= 1:
            _copy("some_roll_calls", path, file=str(source), share=share)
            continue
        for copy in range(int(share)):
            _copy("repeated_roll_calls", part := path.with_suffix(f".{copy}"), file=str(source), copy=copy)
            with part.open("rb") as content, path.open("ab") as together:
                header = content.readline()
                together.write(header if copy == 0 else b"")
                shutil.copyfileobj(content, together)
            part.unlink()
    return files


def _copy(name: str, path: Path, **parameters: str | float) -> None:
    """Write what a query of this folder gives to a CSV file."""
    query = (HERE / f"{name}.sql").read_text(encoding="utf-8")
    with duckdb.connect(config={"temp_directory": str(path.parent / "spilled")}) as connection:
        connection.execute(COPY.format(query=query, path=str(path).replace("'", "''")), parameters)


def evenly(count: int, share: float) -> list[int]:
    """Which of `count` things in a row are a share of them, evenly chosen."""
    return [number for number in range(count) if int((number + 1) * share) > int(number * share)]


def _make_up(path: Path, body: str, scale: float) -> None:
    chance = random.Random(f"{SEED} {body}")
    joined = _joined()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*FIRST_COLUMNS, *COLUMNS[body]))
        days = list(_days(body))
        for number in evenly(len(days), scale):
            writer.writerows(_roll_call(body, number, days[number], joined, chance))


def _joined() -> list[tuple[str, str, str]]:
    """Members by the day on which they joined: day, code and name in capitals."""
    with (ROOT / "data/un/members.csv").open(encoding="utf-8", newline="") as file:
        return sorted((row["joined_on"], row["id"], row["short_name"].upper()) for row in csv.DictReader(file))


def _days(body: str) -> Iterator[str]:
    """The day of each roll call: as many in a year as the Library has, spread over the year."""
    with (HERE / "roll_calls_by_year.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            count = int(row[body.upper()])
            for number in range(count):
                month, day = divmod(336 * number // count, 28)
                yield f"{row['year']}-{month + 1:02}-{day + 1:02}"


def _roll_call(
    body: str, number: int, day: str, joined: list[tuple[str, str, str]], chance: random.Random
) -> Iterator[tuple[object, ...]]:
    """The rows of one made-up roll call."""
    members = [(code, name) for since, code, name in joined if since <= day or since < "1946"]
    if body == "sc":
        members = _council(members, day, chance)
    kinds = WEIGHTS[body]
    weights = [weight * chance.random() for weight in kinds.values()]
    votes = chance.choices(list(kinds), weights, k=len(members))
    told = _told(body, number, day, [votes.count(kind) for kind in ("Y", "N", "A", "X")], chance)
    record = (1_000_000 if body == "ga" else 2_000_000) + number
    cells = tuple(told.get(column, "") for column in COLUMNS[body] if column != "permanent_member")
    for (code, name), vote in zip(members, votes, strict=True):
        permanent = (code in PERMANENT,) if body == "sc" else ()
        yield record, code, name, vote, *permanent, *cells[:-1], f"https://digitallibrary.un.org/record/{record}"


def _council(members: list[tuple[str, str]], day: str, chance: random.Random) -> list[tuple[str, str]]:
    elected = [member for member in members if member[0] not in PERMANENT]
    chosen = chance.sample(elected, 10 if day >= "1966" else 6)
    return sorted([*chosen, *(member for member in members if member[0] in PERMANENT)])


def _told(body: str, number: int, day: str, totals: list[int], chance: random.Random) -> dict[str, object]:
    """What a made-up roll call has on every row, by column; the words say that they are made up."""
    year = int(day[:4])
    title = _words("Made-up text : resolution / adopted by nobody :", TITLE_LENGTHS[body], chance)
    agenda = _words(f"A/{year - 1945}/100 {number % 150 + 1} Made-up item", AGENDA_LENGTHS[body], chance)
    symbol = f"A/RES/{year - 1945}/{number + 1}" if body == "ga" else f"S/RES/{number + 1}({year})"
    return {
        "date": day,
        "session": year - 1945,
        "resolution": symbol,
        "committee_report": f"A/{year - 1945}/{400 + number % 100}",
        "meeting": f"{symbol[0]}/PV.{number // 4 + 1}",
        "title": title,
        "description": title,
        "agenda_title": f"{agenda}.",
        "agenda": f"S/{year - 1945} [{number % 90 + 1}] {agenda.partition(' Made-up ')[2].upper()}",
        "modality": "Vote",
        **dict(zip(TOTALS, [*totals, sum(totals)], strict=True)),
    }


def _words(first: str, lengths: tuple[int, ...], chance: random.Random) -> str:
    """A text that begins with `first`, of a length drawn as the Library's are spread."""
    length = np.interp(chance.random(), SHARES, lengths)
    text = first
    while len(text) < length:
        text += f" {chance.choice(WORDS)}"
    return text
