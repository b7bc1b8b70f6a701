"""Files of the UN Digital Library's form, made of the record's own votes."""

import csv
import io
from pathlib import Path

HEADERS = (
    "undl_id,ms_code,ms_name,ms_vote,date,session,resolution,draft,committee_report,meeting,title,agenda_title,"
    "subjects,vote_note,total_yes,total_no,total_abstentions,total_non_voting,total_ms,undl_link",
    "undl_id,ms_code,ms_name,ms_vote,permanent_member,date,resolution,draft,meeting,description,agenda,subjects,"
    "modality,vote_note,total_yes,total_no,total_abstentions,total_non_voting,total_ms,undl_link",
)
ASSEMBLY, COUNCIL = (header.split(",") for header in HEADERS)
LETTERS = {"yes": "Y", "no": "N", "abstain": "A", "not_voting": "X"}
VOTES = "data/un/votes.csv"


def rows(root: Path, path: str) -> list[dict[str, str]]:
    with (root / path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def library(root: Path, *keys: str) -> list[dict[str, str]]:
    """Roll calls of the record as the Library writes them, one row a member."""
    members = {row["id"]: row["name"] for row in rows(root, "data/un/members.csv")}
    texts = {row["id"]: row for row in rows(root, "data/un/resolutions.csv")}
    roll_calls = {row["id"]: row for row in rows(root, "data/un/roll_calls.csv")}
    return [
        {
            "ms_code": row["member_id"],
            "ms_name": members[row["member_id"]].upper(),
            "ms_vote": LETTERS[row["vote"]],
            "date": roll_calls[row["roll_call_id"]]["voted_on"],
            "resolution": texts[row["roll_call_id"]]["symbol"],
            "title": texts[row["roll_call_id"]]["title"],
            "total_yes": roll_calls[row["roll_call_id"]]["official_yes"],
            "total_no": roll_calls[row["roll_call_id"]]["official_no"],
            "total_abstentions": roll_calls[row["roll_call_id"]]["official_abstain"],
            "total_non_voting": roll_calls[row["roll_call_id"]]["official_not_voting"],
        }
        for key in keys
        for row in rows(root, VOTES)
        if row["roll_call_id"] == key
    ]


def changed(lines: list[dict[str, str]], member: str | None = None, **cells: str) -> int:
    """Write other cells into the row of a member, or into all rows; returns the number of its line in the file."""
    numbers = [number for number, line in enumerate(lines, start=2) if member in (None, line["ms_code"])]
    for number in numbers:
        lines[number - 2] |= cells
    return numbers[0]


def text_of(lines: list[dict[str, str]], header: list[str] = ASSEMBLY) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, header, restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows({"description": line["title"], **line} for line in lines)
    return out.getvalue()
