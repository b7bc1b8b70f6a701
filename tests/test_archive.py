"""The archive: files of the Library's form become a database; what is wrong is told by file, row and field."""

import csv
import gzip
import hashlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from conftest import change_row, copy_project
from library_files import ASSEMBLY, COUNCIL, FIRST_RECORD, changed, library, rows, text_of

from scripts.archive import __main__ as archive
from scripts.archive.__main__ import main
from scripts.load import reading
from scripts.package import open_package
from scripts.queries import read_metadata, read_queries

GA_TEXTS = ("A-RES-68-262", "A-RES-ES-11-1", "A-RES-ES-11-4", "A-RES-ES-11-7", "A-RES-ES-11-8", "A-RES-76-179")
SC_TEXTS = ("S-RES-2774-2025", "S-RES-2202-2015")
LETTERS = {"X": ("", "NV", "nv", "x"), "Y": ("y",)}
Lines = list[dict[str, str]]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in whose build folder the tests of this file build."""
    return copy_project(tmp_path_factory.mktemp("archive") / "project")


@pytest.fixture
def assembly(root: Path) -> Lines:
    return library(root, *GA_TEXTS)


@pytest.fixture
def council(root: Path) -> Lines:
    lines = library(root, *SC_TEXTS)
    for line in lines:
        number = str(int(line["undl_id"]) + len(GA_TEXTS))
        line |= {"undl_id": number, "undl_link": f"https://digitallibrary.un.org/record/{number}"}
    return lines


@pytest.fixture
def make(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Build from lines or bytes of each file; returns the exit code and what was said on standard error."""

    def run(
        assembly: Lines | bytes | None = None,
        council: Lines | bytes | None = None,
        *options: str,
        name: str = "ga.csv",
        header: list[str] = ASSEMBLY,
    ) -> tuple[int, str]:
        arguments = [*options, "-q"]
        for option, content, file, columns in (
            ("--ga", assembly, name, header),
            ("--sc", council, "sc.csv", COUNCIL),
        ):
            if content is not None:
                text = content if isinstance(content, bytes) else text_of(content, columns).encode()
                (tmp_path / file).write_bytes(text)
                arguments += [option, str(tmp_path / file)]
        code = main(arguments, root=root)
        return code, capsys.readouterr().err

    return run


@pytest.fixture
def ask(root: Path) -> Iterator[Callable[..., list[tuple]]]:
    """Ask the archive that was built last."""

    def run(sql: str, *values: object) -> list[tuple]:
        with reading(root / "build/archive/archive.db") as connection:
            return connection.execute(sql, values).fetchall()

    yield run


def content(root: Path) -> dict[str, list[tuple]]:
    """Every row of every table but the one that names the files."""
    with reading(root / "build/archive/archive.db") as connection:
        names = [
            row[0]
            for row in connection.execute(
                """select name from sqlite_master
                where type = 'table' and name not like '%fts%' and name not in ('library_files', 'build_inputs')"""
            )
        ]
        return {name: connection.execute(f"select * from {name}").fetchall() for name in sorted(names)}  # noqa: S608


def built(root: Path) -> str:
    return (root / "build/archive").resolve().name


# --- what comes out ---


def test_every_vote_of_the_files_is_in_the_archive_in_words(make, ask, root, assembly, council):
    assert make(assembly, council) == (0, "")
    votes = {(row["roll_call_id"], row["member_id"]): row["vote"] for row in rows(root, "data/un/votes.csv")}
    expected = sorted(
        (key, member, vote) for (key, member), vote in votes.items() if key in GA_TEXTS or key in SC_TEXTS
    )
    found = ask(
        """select roll_calls.resolution_id, member_code, vote
        from votes_named join roll_calls on roll_calls.id = votes_named.roll_call_id"""
    )
    assert sorted(found) == expected
    assert len(found) == 193 * len(GA_TEXTS) + 15 * len(SC_TEXTS)


def test_counts_are_those_of_the_votes_and_stand_beside_the_printed_ones(make, ask, assembly):
    make(assembly)
    [counts] = ask(
        """select counted_yes, counted_no, counted_abstain, counted_not_voting, counted_members,
        printed_yes, printed_no, printed_abstain, printed_not_voting, printed_members
        from roll_calls where resolution_id = 'A-RES-ES-11-7'"""
    )
    assert counts == (93, 18, 65, 17, 193, 93, 18, 65, 17, None)
    assert ask("select * from differences") == []


def test_a_printed_total_that_the_votes_do_not_add_up_to_is_listed(make, ask, assembly):
    lines = [line for line in assembly if line["resolution"] == "A/RES/ES-11/7"]
    changed(lines, total_yes="94", total_ms="192")
    make(lines)
    assert ask("select column_name, printed, counted from differences order by 1") == [
        ("members", 192, 193),
        ("yes", 94, 93),
    ]


def test_one_file_is_enough(make, ask, council):
    assert make(None, council) == (0, "")
    assert ask("select body, count(*) from roll_calls group by body") == [("SC", len(SC_TEXTS))]


def test_pairs_agree_as_often_as_their_votes_say(make, ask, assembly, council):
    make(assembly, council)
    for body, table in (("GA", "pair_agreements"), ("SC", "council_pair_agreements")):
        found = ask(f"select member_a, member_b, voting_year, compared, same, opposite from {table}")  # noqa: S608
        counted = ask(
            """select a.member_id, b.member_id, voting_year, count(*), sum(a.vote_id = b.vote_id),
            sum(a.vote_id + b.vote_id = 1)
            from votes as a join votes as b using (roll_call_id) join roll_calls on roll_calls.id = roll_call_id
            where a.member_id < b.member_id and a.vote_id < 3 and b.vote_id < 3 and body = ?
            group by 1, 2, 3 order by 1, 2, 3""",
            body,
        )
        assert found == counted
        assert len(found) > 90


def test_pairs_in_words_have_the_indices_of_the_record(make, ask, assembly):
    make(assembly)
    [row] = ask(
        """select * from agreement_by_year
        where 'USA' in (member_a, member_b) and 'RUS' in (member_a, member_b) and voting_year = 2025"""
    )
    _, _, body, year, compared, same, opposite, one_abstained, agreement, lijphart = row
    assert (body, year, compared, same, opposite, one_abstained) == ("GA", 2025, 2, 1, 0, 1)
    assert (agreement, lijphart) == (0.5, 0.75)


def test_blocs_vote_as_their_members_of_the_day_did(make, ask, assembly):
    make(assembly)
    counted = ask(
        """select bloc_id, body, voting_year, count(distinct roll_calls.id), sum(vote_id = 1), sum(vote_id = 0),
        sum(vote_id = 2), sum(vote_id = 3)
        from roll_calls join votes on votes.roll_call_id = roll_calls.id
        join bloc_memberships on bloc_memberships.member_id = votes.member_id and valid_from <= voted_on
        and coalesce(valid_until, voted_on) >= voted_on
        group by 1, 2, 3 order by 1, 2, 3"""
    )
    assert (
        ask("select bloc_id, body, voting_year, roll_calls, in_favour, against, abstaining, not_voting from bloc_years")
        == counted
    )
    # Of 27 members of the European Union, 26 voted in favour and one against, then 26 in favour and one abstained.
    [indices] = ask("select rice_index, attina_index from bloc_years where bloc_id = 'EU' and voting_year = 2025")
    assert indices == (round((25 / 27 + 1) / 2, 4), round((25 / 27 + 25 / 27) / 2, 4))


def test_blocs_of_the_archive_are_those_of_the_record(make, ask, assembly, database):
    make(assembly)
    with reading(database) as record:
        memberships = "select bloc_id, {key}, valid_from, valid_until from bloc_memberships {join} order by 1, 2, 3"
        there = record.execute(memberships.format(key="member_id", join="")).fetchall()
        blocs = record.execute("select id, name, kind from blocs order by id").fetchall()
    join = "join members on members.id = member_id"
    assert ask(memberships.format(key="code", join=join)) == there
    assert ask("select id, name, kind from blocs order by id") == blocs


def test_members_are_numbered_in_the_order_in_which_they_joined_and_former_ones_after_them(make, ask, assembly):
    make(assembly)
    present = ask("select code from members where status = 'present' order by id")
    assert [code for (code,) in present[:3]] == ["ARG", "BLR", "BRA"]
    assert ask("select id from members where code = 'ARG'") == [(1,)]
    assert ask("select code, roll_calls from members where status = 'former' order by id")[0] == ("CSK", 0)


def test_a_former_member_is_known_by_its_code_and_any_member_by_its_name_at_the_time(make, ask, assembly):
    changed(assembly[:193], "CZE", ms_code="csk", ms_name="CZECHOSLOVAKIA")
    changed(assembly[:193], "TUR", ms_code="", ms_name="TURKEY")
    assert make(assembly) == (0, "")
    named = ask(
        """select code, member_names.name from member_names join members on members.id = member_id
        where code in ('CSK', 'TUR') order by 1, 2"""
    )
    assert named[:2] == [("CSK", "CZECHOSLOVAKIA"), ("TUR", "TURKEY")]
    assert ask("select first_voted_on, last_voted_on, roll_calls from members where code = 'CSK'") == [
        ("2014-03-27", "2014-03-27", 1)
    ]


AGENDA = {
    "A/60/251 97 General and complete disarmament. DISARMAMENT--GENERAL AND COMPLETE": (
        *("A/60/251", "97", "General and complete disarmament"),
        ["DISARMAMENT--GENERAL AND COMPLETE"],
    ),
    "A/8801 & Add.1,2 73 Budget estimates for the financial year 1973.": (
        *("A/8801 & Add.1,2", "73", "Budget estimates for the financial year 1973"),
        [],
    ),
    "A/61/251 39[15] WESTERN SAHARA QUESTION": ("A/61/251", "39[15]", None, ["WESTERN SAHARA QUESTION"]),
    "S/40 [4] LEBANON SITUATION": ("S/40", "[4]", None, ["LEBANON SITUATION"]),
    "S16": ("S16", None, None, []),
    "Admission of new members": (None, None, "Admission of new members", []),
}


@pytest.mark.parametrize("entry", AGENDA)
def test_an_agenda_entry_is_read_for_its_parts(make, ask, assembly, entry):
    changed(assembly[:193], agenda_title=entry)
    make(assembly)
    document, item, title, terms = AGENDA[entry]
    assert ask("select entry, document, item, title from agenda_items") == [(entry, document, item, title)]
    assert [term for (term,) in ask("select term from subject_terms")] == terms


def test_agenda_entries_and_subjects_are_split_and_counted_once(make, ask, assembly):
    changed(
        assembly[:193],
        agenda_title="A/68/251 33b Ukraine. UKRAINE SITUATION|A/68/251 12 Reports.",
        subjects="UKRAINE SITUATION|CRIMEA",
    )
    make(assembly)
    assert ask("select item from agenda_items order by 1") == [("12",), ("33b",)]
    assert ask("select term, roll_calls from subject_terms order by 1") == [("CRIMEA", 1), ("UKRAINE SITUATION", 1)]
    assert len(ask("select * from roll_call_agenda_items")) == 2
    assert len(ask("select * from roll_call_subjects")) == 2


# --- the record beside the archive ---


def test_the_record_agrees_with_files_made_of_it(make, ask, assembly, council):
    make(assembly, council)
    results = dict(ask("select result, count(*) from record_comparisons group by result"))
    assert results["agrees"] == len(GA_TEXTS) + len(SC_TEXTS)
    assert "differs" not in results
    assert ask("select result from record_comparisons where record_roll_call_id = 'S-2022-155'") == [
        ("not_in_archive",)
    ]


def test_what_differs_from_the_record_is_a_row(make, ask, assembly):
    es_11_7 = [line for line in assembly if line["resolution"] == "A/RES/ES-11/7"]
    changed(es_11_7, "FRA", ms_vote="N")
    changed(es_11_7, total_yes="92", date="2025-02-25")
    es_11_7.remove(next(line for line in es_11_7 if line["ms_code"] == "DEU"))
    make(es_11_7)
    found = ask("select column_name, member_code, record_says, archive_says, explained from record_differences")
    assert found == [
        ("official_yes", "-", "93", "92", 0),
        ("vote", "DEU", "yes", None, 0),
        ("vote", "FRA", "yes", "no", 0),
        ("voted_on", "-", "2025-02-24", "2025-02-25", 0),
    ]
    compared = ask(
        """select result, votes_in_record, votes_in_archive, votes_agreeing, differences
        from record_comparisons where roll_call_id is not null"""
    )
    assert compared == [("differs", 193, 192, 191, 4)]


def test_a_difference_that_the_record_names_is_explained(make, ask, root, assembly):
    told = next(
        row
        for row in rows(root, "data/un/source_differences.csv")
        if row["column_name"] == "vote" and row["roll_call_id"] in GA_TEXTS
    )
    letter = {"yes": "Y", "no": "N", "abstain": "A", "not_voting": "X"}[told["source_says"]]
    changed(assembly[193 * GA_TEXTS.index(told["roll_call_id"]) :][:193], told["member_id"], ms_vote=letter)
    make(assembly)
    assert ask("select explained from record_differences where column_name = 'vote'") == [(1,)]


# --- layouts of the last years ---


@pytest.fixture(scope="module")
def plain(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple]]:
    """What comes of the plain file."""
    file = tmp_path_factory.mktemp("plain") / "ga.csv"
    file.write_text(text_of(library(root, *GA_TEXTS)), encoding="utf-8")
    assert main(["--ga", str(file), "-q"], root=root) == 0
    return content(root)


def spelt(lines: Lines) -> Lines:
    """The same rows with the other spellings of the Library's files."""
    for number, line in enumerate(lines):
        ways = LETTERS.get(line["ms_vote"], (line["ms_vote"].lower(),))
        line["ms_vote"] = ways[number % len(ways)]
        line["ms_code"] = line["ms_code"].lower()
        line |= {name: f"{line[name]}.0" for name in line if name.startswith("total_")}
    return lines


def test_other_spellings_are_the_same_archive(make, root, plain, assembly):
    assert make(spelt(assembly)) == (0, "")
    assert content(root) == plain


def test_columns_may_stand_in_any_order_and_names_be_in_capitals(make, root, plain, assembly):
    text = text_of(assembly, sorted(ASSEMBLY, reverse=True))
    header, _, body = text.partition("\n")
    assert make((header.upper() + "\n" + body).encode()) == (0, "")
    assert content(root) == plain


PLURALS = {
    **{f"ms_{name}": f"ms_{name}s" for name in ("code", "name", "vote")},
    "resolution": "resolutions",
    "agenda_title": "agenda_titles",
    "total_yes": "yes",
    "total_no": "no",
    "total_abstentions": "abstentions",
    "total_non_voting": "non-voting",
    "total_ms": "total-voting",
}


def test_columns_may_have_the_names_of_the_file_of_2024(make, root, plain, assembly):
    text = text_of(assembly)
    header = text.partition("\n")[0]
    names = [PLURALS.get(name.strip(), name.strip()) for name in header.split(",") if name.strip() != "vote_note"]
    without_note = text_of(assembly, [name for name in ASSEMBLY if name != "vote_note"]).partition("\n")[2]
    assert make((",".join(names) + "\n" + without_note).encode()) == (0, "")
    assert content(root) == plain


@pytest.mark.parametrize("form", ["byte-order mark", "CRLF", "gz"])
def test_the_form_of_the_file_does_not_matter(make, root, plain, assembly, form):
    text = text_of(assembly).replace("\r\n", "\n").encode()
    forms = {"byte-order mark": b"\xef\xbb\xbf" + text, "CRLF": text.replace(b"\n", b"\r\n"), "gz": gzip.compress(text)}
    assert make(forms[form], name="ga.csv.gz" if form == "gz" else "ga.csv") == (0, "")
    assert content(root) == plain


def test_files_read_row_by_row_are_the_same_archive_as_files_taken_whole(make, root, plain, assembly, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(archive, "is_sound", lambda *_: False)
        shutil.rmtree(root / "build/archives")
        assert make(assembly) == (0, "")
    assert content(root) == plain


WRITTEN_OTHERWISE = {
    "blanks around a number": {"undl_id": f" {FIRST_RECORD}"},
    "blanks around a vote": {"ms_vote": " Y "},
    "blanks around a code": {"ms_code": " FRA"},
    "blanks around a name": {"ms_name": "FRANCE "},
    "blanks around a symbol": {"resolution": " A/RES/68/262"},
    "a total with places": {"total_yes": "100.0"},
}


@pytest.mark.parametrize("way", WRITTEN_OTHERWISE)
def test_one_row_may_be_written_otherwise(make, root, plain, assembly, way):
    changed(assembly[:193], "FRA", **WRITTEN_OTHERWISE[way])
    assert make(assembly) == (0, "")
    assert content(root) == plain


def test_columns_that_nobody_knows_are_passed_over(make, root, plain, assembly):
    for number, line in enumerate(assembly):
        line["weather"] = f'"{number}", rain'
    assert make(assembly, header=[*ASSEMBLY, "weather"]) == (0, "")
    assert content(root) == plain


# --- what is refused ---

WRONG = {
    "a vote of another letter": ({"ms_vote": "Z"}, "ms_vote", '"Z"'),
    "a member that is not known": ({"ms_code": "XXX", "ms_name": "ATLANTIS"}, "ms_code", "XXX"),
    "a day that is none": ({"date": "2025-02-30"}, "date", '"2025-02-30"'),
    "a total that is no number": ({"total_yes": "many"}, "total_yes", '"many"'),
    "a record without a number": ({"undl_id": ""}, "undl_id", "required"),
    "a text without a title": ({"title": "", "description": ""}, "title", "required"),
    "a symbol of marks alone": ({"resolution": "A/!!!"}, "resolution", '"A/!!!"'),
    "a NUL byte in a name": ({"ms_name": "FRA\0NCE"}, "ms_name", "pattern"),
    "a control character in a title": ({"title": "Peace\x07"}, "title", "pattern"),
    "another total than the rows before": ({"total_yes": "92"}, "undl_id", "says otherwise"),
    "another day than the rows before": ({"date": "2014-03-28"}, "undl_id", "says otherwise"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_row_that_breaks_a_rule_is_refused_by_file_row_and_field(make, root, assembly, wrong):
    cells, field, reason = WRONG[wrong]
    make(assembly)
    before = built(root)
    number = changed(assembly[:193], "FRA", **cells)
    code, err = make(assembly)
    assert code == 1
    [line] = [line for line in err.splitlines() if f"row {number}," in line]
    assert line.startswith(f"ga.csv, row {number}, field {field}")
    assert reason in line
    assert "nothing was built" in err
    assert built(root) == before


@pytest.mark.parametrize("wrong", WRONG)
def test_keep_going_leaves_the_row_out_and_lists_it(make, ask, root, assembly, wrong):
    cells, field, reason = WRONG[wrong]
    number = changed(assembly[:193], "FRA", **cells)
    code, err = make(assembly, None, "--keep-going")
    assert (code, err) == (0, "")
    assert ask("select count(*) from votes") == [(193 * len(GA_TEXTS) - 1,)]
    assert ask("select refused_rows from library_files") == [(1,)]
    with (root / "build/archive/refused.csv").open(encoding="utf-8", newline="") as file:
        [told] = csv.DictReader(file)
    assert (told["file"], told["row"], told["field"]) == ("ga.csv", str(number), field)
    assert reason in told["reason"]


def test_what_most_rows_say_of_a_record_is_kept_and_every_row_that_says_otherwise_listed(make, ask, root, assembly):
    for line in assembly[:3]:
        line["title"] = "Territorial"
    assert make(assembly, None, "--keep-going") == (0, "")
    assert ask("select counted_members from roll_calls where resolution_id = 'A-RES-68-262'") == [(190,)]
    assert ask("select refused_rows from library_files") == [(3,)]
    with (root / "build/archive/refused.csv").open(encoding="utf-8", newline="") as file:
        assert [row["row"] for row in csv.DictReader(file)] == ["2", "3", "4"]


def test_two_files_of_one_name_are_told_apart(root, tmp_path, capsys, assembly, council):
    changed(assembly[:193], "FRA", ms_vote="Z")
    for folder, lines, header in (("a", assembly, ASSEMBLY), ("b", council, COUNCIL)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "votes.csv").write_text(text_of(lines, header), encoding="utf-8")
    files = ["--ga", str(tmp_path / "a/votes.csv"), "--sc", str(tmp_path / "b/votes.csv"), "-q"]
    assert main(files, root=root) == 1
    assert f"{tmp_path}/a/votes.csv, row " in capsys.readouterr().err
    assert main([*files, "--keep-going"], root=root) == 0


@pytest.mark.parametrize("options", [(), ("--keep-going",)])
def test_a_file_without_rows_is_refused(make, root, assembly, options):
    make(assembly)
    before = built(root)
    code, err = make([], None, *options)
    assert (code, built(root)) == (1, before)
    assert "ga.csv: has no row" in err


def test_a_file_of_the_other_body_is_told_once(make, council):
    code, err = make(text_of(council, COUNCIL).encode())
    assert code == 1
    assert len(err.splitlines()) == 2
    assert "neither this text nor any other of the file is of the General Assembly" in err
    code, err = make(text_of(council, COUNCIL).encode(), None, "--keep-going")
    assert code == 1


@pytest.mark.parametrize("number", ["99999999999", "9" * 30])
def test_a_number_that_no_record_can_have_is_refused(make, assembly, number):
    changed(assembly[:193], undl_id=number, undl_link="")
    code, err = make(assembly)
    assert code == 1
    assert "ga.csv, row 2, field undl_id" in err
    assert "Traceback" not in err


def test_a_vote_that_is_there_twice_is_refused(make, assembly):
    assembly.insert(5, dict(assembly[4]))
    code, err = make(assembly)
    assert code == 1
    assert "ga.csv, row 7, field undl_id, ms_code" in err


def test_a_text_with_two_records_is_refused(make, assembly):
    changed(assembly[193:386], resolution="A/RES/68/262 ", title=assembly[0]["title"])
    code, err = make(assembly)
    assert code == 1
    assert f'ga.csv, row 195, field resolution: "A/RES/68/262" has the record {FIRST_RECORD} already, in row 2' in err


def test_a_text_of_the_other_body_is_refused(make, assembly, council):
    code, err = make(None, council[:15] + [line | {"title": "t"} for line in assembly[:15]])
    assert code == 1
    assert 'sc.csv, row 17, field resolution: "A/RES/68/262" is no text of the Security Council' in err


def test_a_record_that_stands_in_both_files_is_refused(make, assembly, council):
    changed(council[:15], undl_id=assembly[0]["undl_id"], undl_link="")
    code, err = make(assembly, council)
    assert code == 1
    assert (
        f"sc.csv, row 2, field undl_id: record {FIRST_RECORD} is in the file of the General Assembly too, in row 2"
        in err
    )


def test_a_link_to_another_record_is_refused(make, assembly):
    changed(assembly[:193], undl_link="https://digitallibrary.un.org/record/1")
    code, err = make(assembly)
    assert code == 1
    assert "ga.csv, row 2, field undl_link" in err


def test_a_vote_before_the_united_nations_is_refused(make, assembly):
    changed(assembly[:193], date="1945-12-31")
    code, err = make(assembly)
    assert code == 1
    assert 'ga.csv, row 2, field date: "1945-12-31" is before the first vote' in err


def test_a_vote_of_another_century_is_refused(make, assembly):
    changed(assembly[:193], date="2100-01-01")
    code, err = make(assembly)
    assert code == 1
    assert 'ga.csv, row 2, field date: "2100-01-01" is after the year 2099' in err


@pytest.mark.parametrize("column", ["ms_vote", "undl_id", "title"])
def test_a_file_without_a_needed_column_is_refused(make, assembly, column):
    code, err = make(assembly, header=[name for name in ASSEMBLY if name != column])
    assert code == 1
    assert f"ga.csv, row 1, field {column}: is a column that is missing" in err


def test_a_column_under_two_names_is_refused(make, assembly):
    text = text_of(assembly).replace("session", "ms_codes", 1)
    code, err = make(text.encode())
    assert code == 1
    assert "ga.csv, row 1, field ms_codes: is the column ms_code once more" in err


@pytest.mark.parametrize(
    "content", [b"", b"not,a,file\n1,2,3\n", b'undl_id,ms_code\n1,"A\n', gzip.compress(b"x" * 1000)[:30]]
)
def test_what_is_no_file_of_the_library_is_told_in_one_line(make, content):
    code, err = make(content, name="ga.csv.gz" if content[:2] == b"\x1f\x8b" else "ga.csv")
    assert code == 1
    assert err.startswith("ga.csv")
    assert "Traceback" not in err


def test_a_file_that_is_not_there_is_told(root, tmp_path, capsys):
    assert main(["--ga", str(tmp_path / "none.csv"), "-q"], root=root) == 1
    assert "none.csv" in capsys.readouterr().err


def test_nothing_to_build_from_is_bad_usage(root, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["-q"], root=root)
    assert stopped.value.code == 2
    assert "--ga" in capsys.readouterr().err


def test_rows_that_are_not_csv_are_left_out_when_it_keeps_going(make, ask, root, assembly):
    lines = text_of(assembly).splitlines(keepends=True)
    lines[10] = "1,2,3\r\n"
    code, err = make("".join(lines).encode())
    assert (code, "ga.csv, row 11" in err) == (1, True)
    assert make("".join(lines).encode(), None, "--keep-going") == (0, "")
    assert ask("select count(*) from votes") == [(193 * len(GA_TEXTS) - 1,)]
    assert "ga.csv,11," in (root / "build/archive/refused.csv").read_text(encoding="utf-8")


# --- again, and what is left behind ---


def test_nothing_is_done_when_nothing_changed(make, root, assembly):
    make(assembly)
    file = root / "build/archive/archive.db"
    before = file.stat().st_mtime_ns, file.stat().st_ino
    assert make(assembly) == (0, "")
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == before


def test_a_changed_file_a_changed_record_and_a_damaged_archive_are_built_anew(make, root, assembly):
    make(assembly)
    before = built(root)
    changed(assembly[:193], "FRA", ms_vote="A")
    make(assembly)
    second = built(root)
    assert second != before
    change_row(root / "data/un/members.csv", "FRA", aliases="Frankreich")
    make(assembly)
    assert built(root) != second
    (root / "build/archive/archive.db").write_bytes(b"damaged")
    make(assembly)
    assert sqlite3.connect(root / "build/archive/archive.db").execute("pragma integrity_check").fetchall() == [("ok",)]


def test_an_interrupted_build_leaves_the_last_archive_and_no_rest(make, root, assembly, monkeypatch):
    make(assembly)
    before = built(root)
    changed(assembly[:193], "FRA", ms_vote="A")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(archive, "load_archive", interrupted)
        assert make(assembly) == (130, "interrupted; nothing was built\n")
    assert built(root) == before
    assert [path.name for path in (root / "build/archives").iterdir() if path.name.startswith(".")] == []
    assert make(assembly) == (0, "")
    assert built(root) != before


def test_the_same_files_are_the_same_bytes(make, root, assembly, council, tmp_path):
    make(assembly, council)
    first = hashlib.sha256((root / "build/archive/archive.db").read_bytes()).hexdigest()
    shutil.rmtree(root / "build/archives")
    make(assembly, council)
    assert hashlib.sha256((root / "build/archive/archive.db").read_bytes()).hexdigest() == first


# --- the database and its description ---


def test_tables_and_views_have_the_columns_of_their_schemas(make, root, assembly, council):
    make(assembly, council)
    package = open_package(root / "archive")
    with reading(root / "build/archive/archive.db") as connection:
        for table in [*package.derived.values(), *package.views.values()]:
            columns = [row[1] for row in connection.execute(f"pragma table_info({table.name})")]
            assert columns == [field.name for field in table.fields], table.name
        strict = dict(connection.execute("select name, strict from pragma_table_list where schema = 'main'").fetchall())
        assert all(strict[name] for name in package.derived)
        made = {row[0] for row in connection.execute("select name from sqlite_master where type in ('table', 'view')")}
    assert {name for name in made if "fts" not in name and not name.startswith("sqlite")} == {
        *package.derived,
        *package.views,
    }


def test_the_archive_refuses_what_its_schemas_refuse(make, root, assembly):
    make(assembly)
    copy = root / "copy.db"
    shutil.copy(root / "build/archive/archive.db", copy)
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("pragma foreign_keys = on")
        for statement in (
            "insert into votes values (1, 1, 1)",
            f"insert into votes values ({FIRST_RECORD}, 1, 4)",  # noqa: S608
            f"insert into votes values ({FIRST_RECORD}, 1, 1)",  # noqa: S608
            "insert into members values (300, 'FRA', 'x', 'present', null, null, null, null, 0)",
            "update roll_calls set body = 'XX'",
            "update roll_calls set voted_on = '2025-02-30'",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(statement)
    copy.unlink()


def test_texts_are_found_by_words_of_any_form(make, ask, assembly):
    make(assembly)
    found = ask(
        """select resolutions.id from resolutions_fts
        join resolutions on resolutions.rowid = resolutions_fts.rowid where resolutions_fts match 'aggressions'"""
    )
    assert ("A-RES-ES-11-1",) in found


# --- queries ---

ROOT_QUERIES = read_queries(read_metadata(Path(__file__).parent.parent), "archive")


@pytest.fixture(scope="module")
def whole(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of all texts that the queries are tested on, away from what other tests build."""
    folder = tmp_path_factory.mktemp("queries")
    copied = copy_project(folder / "project")
    lines = library(copied, *GA_TEXTS)
    (folder / "ga.csv").write_text(text_of(lines), encoding="utf-8")
    assert main(["--ga", str(folder / "ga.csv"), "-q"], root=copied) == 0
    return (copied / "build/archive/archive.db").resolve()


@pytest.fixture
def query(whole: Path) -> Iterator[Callable[..., list[sqlite3.Row]]]:
    with reading(whole) as connection:
        connection.row_factory = sqlite3.Row
        yield lambda name, **params: connection.execute(
            ROOT_QUERIES[name].sql, {**dict.fromkeys(ROOT_QUERIES[name].parameters, ""), **params}
        ).fetchall()


@pytest.mark.parametrize("name", ROOT_QUERIES)
def test_each_query_answers_its_example_nothing_and_nonsense(query, name):
    parameters = ROOT_QUERIES[name].parameters
    assert set(ROOT_QUERIES[name].example) == set(parameters)
    query(name, **ROOT_QUERIES[name].example)
    query(name)
    query(name, **dict.fromkeys(parameters, "no such ' value"))


DASHES = ("93\N{EN DASH}18\N{EN DASH}65", "93 \N{EM DASH} 18 \N{EM DASH} 65", "93\N{NON-BREAKING HYPHEN}18-65")
SIGNS = ("93 - 18 - 65", "93,18,65", "93:18:65", "93-18-65.", "(93-18-65)")


@pytest.mark.parametrize(
    "tally", ["93-18-65", *DASHES, *SIGNS, "93 18 65", "93, 18, 65", "93/18/65", " 93-18-65 ", "93-18"]
)
def test_a_tally_finds_its_roll_call(query, tally):
    assert [row["symbol"] for row in query("roll_calls_with_tally", tally=tally)] == ["A/RES/ES-11/7"]


@pytest.mark.parametrize("tally", ["18-93-65", "93-18-6", "9-18-65", "93", "abc"])
def test_another_tally_does_not(query, tally):
    assert query("roll_calls_with_tally", tally=tally) == []


def test_no_tally_says_what_to_fill_in(query):
    assert [row["title"] for row in query("roll_calls_with_tally", tally=" ")] == ["Fill in tally: 93-18-65."]


@pytest.mark.parametrize("year", ["abc", "1990s", "90"])
def test_a_year_that_is_none_finds_nothing(query, year):
    assert query("closest_votes", first_year=year) == query("closest_votes", last_year=year) == []
    assert query("agreement_with_member", first_year=year) == query("votes_of_member", year=year) == []
    assert query("compare_members", year=year) == []


def test_who_did_not_vote_did_not_change(query):
    moved = query("who_changed", roll_call_a="A-RES-ES-11-1", roll_call_b="A-RES-ES-11-7")
    assert "not_voting" not in {vote for row in moved for vote in (row["vote_a"], row["vote_b"])}


def test_one_vote_is_told_with_its_text_and_day(query):
    [row] = query("how_voted", roll_call="A-RES-ES-11-7", member="USA")
    assert (row["answer"], row["symbol"], row["voted_on"]) == ("no", "A/RES/ES-11/7", "2025-02-24")
    [row] = query("how_voted", roll_call="A-RES-ES-11-7", member="XXX")
    assert (row["answer"], row["title"]) == (None, "No member has this code: fill in member.")


@pytest.mark.parametrize(("vote", "count"), [("yes", 93), ("no", 18), ("abstain", 65), ("not_voting", 17)])
def test_votes_of_a_kind_are_counted(query, vote, count):
    [row] = query("vote_count", roll_call="A-RES-ES-11-7", vote=vote)
    assert (row["answer"], row["printed"]) == (count, count)


@pytest.mark.parametrize(
    ("members", "answer"), [(("USA", "RUS"), "yes"), (("USA", "FRA"), "no"), (("USA", "VEN"), None)]
)
def test_two_members_voted_the_same_or_not(query, members, answer):
    [row] = query("same_vote", roll_call="A-RES-ES-11-7", member_a=members[0], member_b=members[1])
    assert row["answer"] == answer


def test_a_roll_call_is_printed_in_four_lists(query):
    lists = query("roll_call_as_printed", roll_call="A-RES-ES-11-7")
    assert [(row["vote"], row["members"]) for row in lists] == [
        ("in favour", 93),
        ("against", 18),
        ("abstaining", 65),
        ("not voting", 17),
    ]
    names = lists[1]["names"].split(", ")
    assert (names[0], names[-1], len(names)) == ("Belarus", "United States", 18)


def test_who_changed_between_two_texts(query):
    moved = {
        row["member_code"]: (row["vote_a"], row["vote_b"])
        for row in query("who_changed", roll_call_a="A-RES-ES-11-1", roll_call_b="A-RES-ES-11-7")
    }
    assert moved["USA"] == ("yes", "no")
    assert "FRA" not in moved


def test_a_pair_is_the_same_from_either_side(query):
    asked = [
        query("agreement_over_time", member_a=a, member_b=b, body="GA") for a, b in (("USA", "RUS"), ("RUS", "USA"))
    ]
    assert [tuple(row) for row in asked[0]] == [tuple(row) for row in asked[1]]
    assert [row["voting_year"] for row in asked[0]] == [2014, 2021, 2022, 2025]


def test_agreement_with_a_member_sums_the_years_asked_for(query):
    in_2025 = {
        row["member_code"]: row
        for row in query("agreement_with_member", member="USA", first_year="2025", last_year="2025")
    }
    assert (in_2025["RUS"]["roll_calls"], in_2025["RUS"]["same"], in_2025["RUS"]["lijphart_index"]) == (2, 1, 0.75)
    ever = {row["member_code"]: row for row in query("agreement_with_member", member="USA")}
    assert ever["RUS"]["roll_calls"] == 6
    assert "USA" not in ever


def test_a_members_line_counts_its_votes_by_year(query):
    line = {row["voting_year"]: tuple(row)[1:5] for row in query("member_line", member="USA", body="GA")}
    assert line[2025] == (0, 1, 1, 0)


def test_the_closest_vote_has_the_smallest_margin(query):
    margins = [row["margin"] for row in query("closest_votes", body="GA")]
    assert margins == sorted(margins)
    assert len(margins) == len(GA_TEXTS)


def test_texts_are_found_by_words_of_their_title(query):
    assert "A/RES/ES-11/1" in {row["symbol"] for row in query("texts_with_words", words="AGGRESSION against")} or query(
        "texts_with_words", words="ukraine"
    )
    assert [row["title"] for row in query("texts_with_words", words=" ")] == ["Fill in words."]
