"""Compare with the UN Digital Library: small files of its form, agreeing and not, and all the ways to be unreadable."""

import gzip
import random
from pathlib import Path

import pytest
from conftest import add_row, change_row, remove_row
from library_files import ASSEMBLY, COUNCIL, VOTES, changed, library, rows, text_of

from scripts.compare_un_library import main

TEXT, LATER_TEXT, COUNCIL_TEXT = "A-RES-ES-11-7", "A-RES-ES-11-8", "S-RES-2774-2025"
DIFFERENCES, NAMES = "data/un/source_differences.csv", "data/un/member_names.csv"


@pytest.fixture
def compare(project, tmp_path, capsys):
    """Compare the project with a file of these lines or bytes; returns the exit code, what was said, and the errors."""

    def run(content: list[dict[str, str]] | str | bytes, header: list[str] = ASSEMBLY, name: str = "votes.csv"):
        text = text_of(content, header) if isinstance(content, list) else content
        (tmp_path / name).write_bytes(text.encode() if isinstance(text, str) else text)
        code = main([str(tmp_path / name)], root=project)
        out, err = capsys.readouterr()
        return code, out, err

    return run


def agreement(key: str, votes: int) -> str:
    return f"{key}: {votes} votes agree, and so do the day and the totals\n"


def compared(count: int, differ: int = 0, unexplained: int = 0) -> str:
    return f"Roll calls compared: {count}; with a difference: {differ}; not explained: {unexplained}."


def test_two_roll_calls_of_the_assembly_agree(project, compare):
    code, out, err = compare(library(project, TEXT, LATER_TEXT))
    assert (code, err) == (0, "")
    assert out.startswith(agreement(TEXT, 193) + agreement(LATER_TEXT, 193))
    assert compared(2) in out


@pytest.mark.parametrize("symbol", ["S/RES/2774 (2025)", "S/RES/2774(2025)"])
def test_a_roll_call_of_the_council_agrees_however_its_symbol_is_spaced(project, compare, symbol):
    lines = library(project, COUNCIL_TEXT)
    changed(lines, resolution=symbol)
    code, out, err = compare(lines, COUNCIL)
    assert (code, err) == (0, "")
    assert out.startswith(agreement(COUNCIL_TEXT, 15))


def test_votes_and_codes_in_small_letters_are_read(project, compare):
    lines = library(project, TEXT)
    for line in lines:
        line |= {"ms_vote": line["ms_vote"].lower(), "ms_code": line["ms_code"].lower()}
    code, out, err = compare(lines)
    assert (code, err, agreement(TEXT, 193) in out) == (0, "", True)


@pytest.mark.parametrize("nothing", ["", "NV", "nv", "X", " "])
def test_who_did_not_vote_is_written_in_several_ways(project, compare, nothing):
    lines = library(project, TEXT)
    for line in lines:
        if line["ms_vote"] == "X":
            line["ms_vote"] = nothing
    code, out, _ = compare(lines)
    assert (code, agreement(TEXT, 193) in out) == (0, True)


def test_totals_may_have_places(project, compare):
    lines = library(project, TEXT)
    changed(lines, total_yes="93.0", total_no="18.00")
    assert compare(lines)[0] == 0


def test_totals_that_are_not_printed_are_counted(project, compare):
    lines = library(project, TEXT)
    assert compare(lines, [name for name in ASSEMBLY if not name.startswith("total")])[0] == 0
    changed(lines, total_yes="", total_no="", total_abstentions="", total_non_voting="")
    assert compare(lines)[0] == 0
    changed(lines, "FRA", ms_vote="N")
    code, out, _ = compare(lines)
    assert code == 1
    assert "differs: official_yes: here 93, there 92\n" in out
    assert "differs: official_no: here 18, there 19\n" in out


def test_columns_are_found_by_name_in_any_case_and_order(project, compare):
    header = [name.upper() for name in ASSEMBLY]
    lines = [{name.upper(): cell for name, cell in line.items()} | line for line in library(project, TEXT)]
    random.Random(11).shuffle(header)
    assert compare(lines, header)[0] == 0


def test_a_byte_order_mark_and_carriage_returns_do_not_matter(project, compare):
    text = text_of(library(project, TEXT), ASSEMBLY[1:]).replace("\r\n", "\n")
    assert text.startswith("ms_code,")
    assert compare(text.encode("utf-8-sig"))[0] == 0
    assert compare(text.replace("\n", "\r\n"))[0] == 0


def test_a_compressed_file_is_read(project, compare):
    lines = library(project, TEXT)
    changed(lines, "CIV", ms_code="", ms_name="CÔTE D'IVOIRE")
    code, out, err = compare(gzip.compress(text_of(lines).encode()), name="votes.csv.gz")
    assert (code, err, agreement(TEXT, 193) in out) == (0, "", True)


def test_one_other_vote_is_named_with_the_member_and_both_votes(project, compare):
    lines = library(project, TEXT, LATER_TEXT)
    changed(lines[:193], "FRA", ms_vote="N")
    code, out, err = compare(lines)
    assert (code, err) == (1, "")
    said = f"{TEXT}: 192 votes agree\n  differs: FRA vote: here yes, there no\n"
    assert out.startswith(said + agreement(LATER_TEXT, 193))
    assert compared(2, 1, 1) in out


def difference(root: Path, column: str, source_says: str, member: str = "", kind: str = "un_record") -> None:
    """Write a row that explains a difference, from a source of this kind."""
    source = next(row["id"] for row in rows(root, "data/ledger/sources.csv") if row["kind"] == kind)
    add_row(root / DIFFERENCES, f"{TEXT},{source},99,{member},{column},{source_says},Because.")


def test_a_difference_that_is_explained_is_said_and_is_no_failure(project, compare):
    lines = library(project, TEXT)
    changed(lines, "FRA", ms_vote="N")
    difference(project, "vote", "no", "FRA")
    code, out, _ = compare(lines)
    assert code == 0
    assert "  differs (explained): FRA vote: here yes, there no\n" in out
    assert compared(1, 1, 0) in out


@pytest.mark.parametrize(
    "explanation",
    [
        {"source_says": "no", "member": "DEU", "column": "vote"},
        {"source_says": "abstain", "member": "FRA", "column": "vote"},
        {"source_says": "no", "member": "FRA", "column": "outcome"},
        {"source_says": "no", "member": "FRA", "column": "vote", "kind": "news"},
    ],
)
def test_a_difference_is_explained_by_a_record_that_says_just_that(project, compare, explanation):
    lines = library(project, TEXT)
    changed(lines, "FRA", ms_vote="N")
    difference(project, **explanation)
    code, out, _ = compare(lines)
    assert (code, "explained)" in out) == (1, False)


def test_one_explained_difference_does_not_cover_another(project, compare):
    lines = library(project, TEXT)
    changed(lines, "FRA", ms_vote="N")
    changed(lines, "DEU", ms_vote="A")
    difference(project, "vote", "no", "FRA")
    code, out, _ = compare(lines)
    assert code == 1
    assert "  differs: DEU vote: here yes, there abstain\n  differs (explained): FRA vote: here yes, there no\n" in out


@pytest.mark.parametrize(
    ("cells", "said", "explained_by"),
    [
        ({"total_yes": "94"}, "official_yes: here 93, there 94", ("official_yes", "94")),
        ({"total_no": "17"}, "official_no: here 18, there 17", ("official_no", "17")),
        ({"total_abstentions": "0"}, "official_abstain: here 65, there 0", ("official_abstain", "0")),
        ({"total_non_voting": "18.0"}, "official_not_voting: here 17, there 18", ("official_not_voting", "18")),
        ({"date": "2025-02-25"}, "voted_on: here 2025-02-24, there 2025-02-25", ("voted_on", "2025-02-25")),
    ],
)
def test_another_total_or_day_is_named_and_can_be_explained(project, compare, cells, said, explained_by):
    lines = library(project, TEXT)
    changed(lines, **cells)
    code, out, _ = compare(lines)
    assert code == 1
    assert out.startswith(f"{TEXT}: 193 votes agree\n  differs: {said}\n")
    difference(project, *explained_by)
    code, out, _ = compare(lines)
    assert code == 0
    assert f"  differs (explained): {said}\n" in out


def test_a_change_in_the_record_is_found(project, compare):
    lines = library(project, TEXT)
    change_row(project / VOTES, f"{TEXT},FRA", vote="abstain")
    code, out, _ = compare(lines)
    assert code == 1
    assert "FRA vote: here abstain, there yes\n" in out


def test_a_member_that_the_file_lacks_is_named_and_not_passed_over(project, compare):
    lines = [line for line in library(project, TEXT) if line["ms_code"] not in ("FRA", "DEU")]
    code, out, _ = compare(lines)
    assert code == 1
    assert out.startswith(f"{TEXT}: 191 votes agree\n  no vote there: DEU, FRA\n")


def test_a_member_that_the_record_lacks_is_named_and_is_no_difference(project, compare):
    lines = library(project, TEXT)
    remove_row(project / VOTES, f"{TEXT},FRA")
    code, out, _ = compare(lines)
    assert code == 0
    assert "  no vote here: FRA\n" in out


@pytest.mark.parametrize("code", ["", "XXX"])
@pytest.mark.parametrize("column", ["name", "short_name"])
def test_members_without_their_codes_are_found_by_their_names(project, compare, code, column):
    names = {row["id"]: row[column].upper() for row in rows(project, "data/un/members.csv")}
    lines = library(project, TEXT)
    for line in lines:
        line |= {"ms_code": code, "ms_name": names[line["ms_code"]]}
    code, out, err = compare(lines)
    assert (code, err) == (0, "")
    assert agreement(TEXT, 193) in out


@pytest.mark.parametrize("code", ["", "XXX"])
def test_a_member_without_its_code_is_found_by_a_former_name_or_an_alias(project, compare, code):
    source = rows(project, "data/ledger/sources.csv")[0]["id"]
    add_row(project / NAMES, f"HUN,Old Hungary,,2011-12-31,{source}")
    change_row(project / "data/un/members.csv", "FRA", aliases="Gaul|Gaul\u2019s Land")
    lines = library(project, TEXT)
    changed(lines, "HUN", ms_code=code, ms_name="OLD HUNGARY")
    changed(lines, "FRA", ms_code=code, ms_name="GAUL'S LAND")
    code, out, err = compare(lines)
    assert (code, err) == (0, "")
    assert agreement(TEXT, 193) in out


OTHER = {"ms_code": "FRA", "ms_name": "FRANCE", "ms_vote": "Y", "date": "2022-05-05", "resolution": "A/RES/99/999"}


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        (ASSEMBLY, {"title": "Grain from Ukraine"}),
        (ASSEMBLY, {"title": "A TEXT ON UKRAINIAN GRAIN"}),
        (ASSEMBLY, {"title": "The Black Sea and Crimea"}),
        (ASSEMBLY, {"title": "Grain", "agenda_title": "Situation in Ukraine"}),
        (COUNCIL, {"title": "Grain from Ukraine"}),
        (COUNCIL, {"title": "Grain", "agenda": "LETTER FROM THE PERMANENT REPRESENTATIVE OF UKRAINE (S/2014/136)"}),
    ],
)
def test_a_text_on_ukraine_that_the_record_lacks_is_named_once(project, compare, header, cells):
    lines = [{**OTHER, **cells}, {**OTHER, **cells, "ms_code": "HUN"}]
    code, out, err = compare(library(project, TEXT) + lines, header)
    assert (code, err) == (0, "")
    said = f"In the file and not in the record: A/RES/99/999 of 2022-05-05, {cells['title']}.\n"
    assert out.count("A/RES/99/999") == out.count(said) == 1


@pytest.mark.parametrize(
    "cells",
    [
        {"title": "Grain from Iceland"},
        {"title": "Chernobyl and Ukraine", "date": "2013-12-31"},
        {"title": "Grain from Iceland", "ms_vote": "?", "ms_code": "ZZZ", "ms_name": "NOBODY"},
        {"title": "Chernobyl and Ukraine", "date": "1990-12-21", "ms_code": "SUN", "ms_name": "USSR"},
    ],
)
def test_other_texts_are_passed_over_whoever_voted_on_them(project, compare, cells):
    code, out, err = compare([{**OTHER, **cells}, *library(project, TEXT)])
    assert (code, err) == (0, "")
    assert "not in the record" not in out


def test_adopted_texts_that_the_file_lacks_are_named_for_its_body_alone(project, compare):
    code, out, _ = compare(library(project, TEXT))
    said = "Adopted texts of the record that are not in the file: "
    [absent] = [line.removeprefix(said) for line in out.splitlines() if line.startswith(said)]
    expected = {
        row["id"]
        for row in rows(project, "data/un/roll_calls.csv")
        if (row["body"], row["kind"], row["outcome"]) == ("GA", "whole_text", "adopted")
    }
    assert code == 0
    assert set(absent.rstrip(".").split(", ")) == expected - {TEXT}


def test_a_file_without_a_text_of_the_record_says_so(compare):
    code, out, err = compare([{**OTHER, "title": "Grain from Iceland"}])
    assert (code, err) == (2, "")
    assert compared(0) in out
    assert "The file has no text of the record." in out


@pytest.mark.parametrize(
    "lines", [[], [{**OTHER, "title": "Grain from Ukraine"}]], ids=["header alone", "another text"]
)
def test_a_file_that_has_nothing_to_compare_agrees_with_nothing(compare, lines):
    code, out, err = compare(lines)
    assert (code, err, compared(0) in out) == (2, "", True)


UNNUMBERED = "GA-2026-02-24-vote-2"


def without_symbol(root: Path) -> tuple[list[dict[str, str]], int]:
    """The text whose symbol the record does not know, as the Library has it, and how many votes on it are known."""
    lines = library(root, UNNUMBERED)
    assert {line["resolution"] for line in lines} == {""}
    changed(lines, resolution="A/RES/ES-11/10")
    return lines, len(lines)


@pytest.mark.parametrize("write", [str, str.upper, lambda title: f"{title} : resolution / adopted by the Assembly"])
def test_a_text_whose_symbol_the_record_lacks_is_met_by_day_and_title(project, compare, write):
    lines, votes = without_symbol(project)
    for line in lines:
        line["title"] = write(line["title"])
    code, out, err = compare(lines)
    assert (code, err) == (0, "")
    assert out.startswith(agreement(UNNUMBERED, votes))
    assert "not in the record" not in out
    changed(lines, lines[0]["ms_code"], ms_vote="A" if lines[0]["ms_vote"] != "A" else "N")
    assert compare(lines)[0] == 1


@pytest.mark.parametrize("cells", [{"date": "2026-02-25"}, {"title": "Another text on Ukraine"}])
def test_another_day_or_another_title_is_another_text(project, compare, cells):
    lines, _ = without_symbol(project)
    changed(lines, **cells)
    code, out, err = compare(lines)
    assert (code, err) == (2, "")
    assert (compared(0) in out, out.count("A/RES/ES-11/10")) == (True, 1)


@pytest.mark.parametrize(("key", "header"), [(TEXT, ASSEMBLY), (COUNCIL_TEXT, COUNCIL)])
def test_a_symbol_in_small_letters_is_read(project, compare, key, header):
    lines = library(project, key)
    changed(lines, resolution=lines[0]["resolution"].lower())
    code, out, err = compare(lines, header)
    assert (code, err, agreement(key, len(lines)) in out) == (0, "", True)


OTHERWISE = "has another date or other totals than the rows before it on A/RES/ES-11/7"


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ({"ms_vote": "Q"}, "ms_vote", '"Q" is not a vote: Y, N, A, X, NV or nothing'),
        ({"ms_vote": "YES"}, "ms_vote", '"YES" is not a vote: Y, N, A, X, NV or nothing'),
        ({"ms_code": "ZZZ", "ms_name": "ATLANTIS"}, "ms_code", 'neither "ZZZ" nor "ATLANTIS" is a member'),
        ({"ms_code": "", "ms_name": "ATLANTIS"}, "ms_code", 'neither "" nor "ATLANTIS" is a member'),
        ({"ms_code": "", "ms_name": ""}, "ms_code", 'neither "" nor "" is a member'),
        ({"ms_code": "DEU"}, "ms_code", "DEU has a vote on A/RES/ES-11/7 already, in row {DEU}"),
        ({"total_yes": "many"}, "total_yes", '"many" is not a whole number'),
        ({"total_no": "18.5"}, "total_no", '"18.5" is not a whole number'),
        ({"total_abstentions": "-1"}, "total_abstentions", '"-1" is not a whole number'),
        ({"total_non_voting": "\u0661\u0667"}, "total_non_voting", '"\u0661\u0667" is not a whole number'),
        ({"total_yes": "94"}, "date", OTHERWISE),
        ({"date": "2025-02-25"}, "date", OTHERWISE),
    ],
)
def test_a_row_that_cannot_be_read_is_named_with_column_and_reason(project, compare, cells, column, reason):
    lines = library(project, TEXT)
    germany = changed(lines, "DEU")
    row = changed(lines, "FRA", **cells)
    code, out, err = compare(lines)
    assert (code, out) == (2, "")
    assert err == f"votes.csv, row {row}, field {column}: {reason.replace('{DEU}', str(germany))}\n"


def test_all_rows_that_cannot_be_read_are_named_at_once(project, compare):
    lines = library(project, TEXT)
    numbers = [changed(lines, "FRA", ms_vote="Q"), changed(lines, "HUN", ms_vote="Z")]
    code, _, err = compare(lines)
    assert code == 2
    assert [line.partition(", field")[0] for line in err.splitlines()] == [f"votes.csv, row {n}" for n in numbers]


@pytest.mark.parametrize("cells", [3, 19, 21])
def test_a_ragged_row_is_named(compare, cells):
    code, out, err = compare(",".join(ASSEMBLY) + "\n" + "x," * 19 + "x\n" + "x," * (cells - 1) + "x\n")
    assert (code, out) == (2, "")
    assert err == f"votes.csv, row 3: has {cells} cells where the header has 20\n"


@pytest.mark.parametrize("column", ["ms_code", "ms_name", "ms_vote", "date", "resolution", "title"])
def test_a_missing_column_is_named(project, compare, column):
    code, out, err = compare(library(project, TEXT), [name for name in ASSEMBLY if name != column])
    assert (code, out) == (2, "")
    wanted = "title or description" if column == "title" else column
    assert err == f"votes.csv, row 1: has no column {wanted}\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "row 1: has no column ms_code, ms_name, ms_vote, date, resolution, title or description\n"),
        (b"<!DOCTYPE html>\n<title>Not found</title>\n", "row 1: has no column ms_code, "),
        (",".join(ASSEMBLY).encode("utf-16"), "is not CSV in UTF-8: "),
        ((",".join(ASSEMBLY) + "\n").encode() + b"1,CIV,C\xd4TE D'IVOIRE" + b"," * 17 + b"\n", "is not CSV in UTF-8: "),
        ((",".join(ASSEMBLY) + "\n").encode() + b'1,"FRA' + b"," * 18 + b"\n", "is not CSV in UTF-8: "),
        ((",".join(ASSEMBLY) + "\n").encode() + b'1,"FRA"NCE' + b"," * 18 + b"\n", "is not CSV in UTF-8: "),
    ],
    ids=["empty", "html", "utf-16", "latin-1", "unclosed quote", "text after a quote"],
)
def test_a_file_that_is_not_the_librarys_is_refused(compare, content, reason):
    code, out, err = compare(content)
    assert (code, out) == (2, "")
    assert err.startswith("votes.csv")
    assert reason in err
    assert err.count("\n") == 1


DAMAGES = {
    "cut near the end": lambda content: content[:-20],
    "cut in the middle": lambda content: content[: len(content) // 2],
    "not compressed": lambda content: b"ms_code,ms_name\n",
    "another sum": lambda content: content[:-8] + bytes(4) + content[-4:],
    "other bytes at the beginning": lambda content: content[:12] + b"\xff" * 20 + content[32:],
    "other bytes in the middle": lambda content: content[:100] + bytes(99) + content[199:],
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_compressed_file_is_refused(project, compare, damage):
    content = gzip.compress(text_of(library(project, TEXT)).encode(), mtime=0)
    code, out, err = compare(damage(content), name="votes.csv.gz")
    assert (code, out) == (2, "")
    assert err.startswith("votes.csv.gz")
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", ["none.csv", "none.csv.gz", "."])
def test_a_file_that_is_not_there_is_named(project, tmp_path, capsys, name):
    assert main([str(tmp_path / name)], root=project) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"{(tmp_path / name).name}: cannot be read: ")


def test_a_record_that_cannot_be_read_is_named(project, compare):
    lines = library(project, TEXT)
    change_row(project / VOTES, f"{TEXT},FRA", vote=" yes")
    code, out, err = compare(lines)
    assert (code, out) == (2, "")
    assert err.startswith("data/un/votes.csv, row ")


def test_without_a_file_the_command_says_how_it_is_used(project, capsys):
    with pytest.raises(SystemExit) as stop:
        main([], root=project)
    assert stop.value.code == 2
    assert "FILE" in capsys.readouterr().err
