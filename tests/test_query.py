"""The command line answers any published query by any engine, and says in one line why it cannot."""

import csv
import io
import json
import shutil
from pathlib import Path

import pytest

from scripts import query as module
from scripts.query import main

VOTE = ["how_voted", "roll_call=A-RES-ES-11-7", "member=USA"]


@pytest.fixture
def asked(archived_project: Path, parquet: Path, capsys: pytest.CaptureFixture[str]):
    """Run the command line on the built project; returns the exit code and what was said on either output."""

    def ask(*arguments: str) -> tuple[int, str, str]:
        code = main(list(arguments), root=archived_project)
        said = capsys.readouterr()
        return code, said.out, said.err

    return ask


@pytest.mark.parametrize("engine", ["sqlite", "duckdb"])
def test_an_answer_in_each_format(engine: str, asked):
    code, text, _ = asked("--engine", engine, *VOTE)
    assert code == 0 and text.split()[0] == "answer" and "\nno " in text
    _, text, _ = asked("--engine", engine, "--format", "csv", *VOTE)
    [row] = csv.DictReader(io.StringIO(text))
    assert (row["answer"], row["member"], row["note"]) == ("no", "United States", "")
    _, text, _ = asked("--engine", engine, "--format", "json", "--database", "record", *VOTE)
    assert [(row["answer"], row["note"]) for row in json.loads(text)] == [("no", None)]


def test_spark_answers_the_same(asked, spark_settings: dict[str, str], monkeypatch: pytest.MonkeyPatch):
    assert asked("--engine", "spark", "--format", "csv", *VOTE) == asked("--format", "csv", *VOTE)


def test_where_spark_is_not_installed_it_says_how_to_install_it(asked, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(module.sys.modules, "pyspark", None)
    monkeypatch.setitem(module.sys.modules, "pyspark.sql", None)
    assert asked("--engine", "spark", *VOTE) == (2, "", "Spark is not installed; make spark installs it\n")


def test_an_empty_parameter_means_all(asked):
    _, some, _ = asked("--format", "csv", "council_votes", "outcome=vetoed")
    _, every, _ = asked("--format", "csv", "council_votes", "outcome=")
    assert 1 < len(some.splitlines()) < len(every.splitlines())


def test_a_query_without_parameters_and_the_search(asked):
    assert asked("--format", "csv", "days_covered")[1].startswith("table_name,first_day,last_day\n")
    assert "ES-11/7" in asked("--format", "csv", "search", "q=ES-11/7")[1]


def test_the_list_has_every_query_with_its_parameters(asked):
    code, text, _ = asked("--list")
    assert code == 0
    assert "record  how_voted roll_call= member=  How did a member vote?\n" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say which query; --list lists them"),
        (["how_vote"], "no query how_vote; there is how_voted"),
        (["zzzz"], "no query zzzz"),
        (["--database", "recrd", *VOTE], "no database recrd; there is record"),
        (
            ["how_voted", "rol_call=x", "member=USA"],
            "how_voted has no parameter rol_call; there is roll_call; it takes",
        ),
        (["days_covered", "x=1"], "days_covered has no parameter x; it takes nothing"),
        (
            ["how_voted", "member=USA"],
            "how_voted needs roll_call, which may be empty, as in: how_voted roll_call=A-RES",
        ),
        (["how_voted", "USA"], "USA is not of the form key=value"),
        ([*VOTE, "member=RUS"], "member is given twice"),
        (["how_voted", "roll_call=A-RES-ES-11-7", "member=USSR"], 'member "USSR" is not in the members table'),
        (["vote_count", "roll_call=A-RES-ES-11-7", "vote=maybe"], 'vote "maybe" is not one of yes, no, abstain'),
        (["on_council", "member=SVN", "date=2025-02-30"], 'date "2025-02-30" is not a date'),
        (["--engine", "duckdb", "search", "q=x"], "search is answered by sqlite only. It asks the full-text search"),
    ],
)
def test_what_cannot_be_answered_is_said_in_one_line(arguments: list[str], said: str, asked):
    code, out, err = asked(*arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(said)


def test_an_engine_that_there_is_not_is_bad_usage(asked, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as left:
        asked("--engine", "oracle", *VOTE)
    assert left.value.code == 2


def test_without_parquet_or_a_site_it_says_what_makes_them(
    archived_project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    for name in ("metadata.yml", "datapackage.yaml"):
        shutil.copy(archived_project / name, tmp_path)
    for name in ("archive", "schema"):
        shutil.copytree(archived_project / name, tmp_path / name)
    assert main(VOTE, root=tmp_path) == 2
    assert capsys.readouterr().err == "build/site has no database; make build makes it\n"
    (tmp_path / "build").mkdir()
    (tmp_path / "build/site").symlink_to(archived_project / "build/site")
    assert main(["--engine", "duckdb", *VOTE], root=tmp_path) == 2
    assert "is not there as Parquet; make parquet writes it\n" in capsys.readouterr().err


def test_a_name_in_two_databases_is_the_record_s_unless_the_other_is_named(asked):
    parameters = ["how_voted", "roll_call=A-RES-ES-11-7", "member=USA"]
    for options, column in (([], "question"), (["--database", "archive"], "title")):
        code, out, err = asked("--format", "csv", *options, *parameters)
        assert (code, err) == (0, "")
        header, row = out.splitlines()[:2]
        assert column in header.split(",") and row.startswith("no,")


def test_a_member_of_the_archive_is_asked_for_by_its_code(asked):
    code, _, err = asked("--database", "archive", "member_line", "member=XXX", "body=")
    assert (code, err) == (2, 'member "XXX" is not in the members table\n')
