"""What Frictionless alone lets pass, each with a fixture: it says nothing, and we refuse it in its place.

Whoever reads the data with Frictionless alone sees less than `make validate` does; this table says what. Whether it is
whole was measured case by case.
"""

import frictionless
import pytest
import yaml
from conftest import small_package

from scripts.package import open_package
from scripts.problems import BadDataError
from scripts.read import read_package
from scripts.validate import validate

TEAMS = """
fields:
  - {name: id, type: string, constraints: {required: true, pattern: "[A-Za-z]{3}"}}
  - {name: score, type: integer}
  - {name: played_on, type: date}
  - {name: site, type: string, format: uri, constraints: {pattern: 'https?://[!-~]+'}}
  - {name: note, type: string, constraints: {required: true, maxLength: 80}}
primaryKey: [id]
"""
SEASONS = """
fields:
  - {name: team_id, type: string, constraints: {required: true}}
  - {name: year, type: integer, constraints: {required: true}}
primaryKey: [team_id, year]
foreignKeys:
  - {fields: [team_id], reference: {resource: teams, fields: [id]}}
"""
EMPTY = """
fields: [{name: id, type: string, constraints: {required: true}}]
primaryKey: [id]
mayBeEmpty: true
"""
SCHEMAS = {"teams": TEAMS, "seasons": SEASONS, "corrections": EMPTY, "redirects": EMPTY}
FILES = {
    "teams": b"id,score,played_on,site,note\nABC,1,2025-02-24,https://a.example,One\nXYZ,2,,,Two\n",
    "seasons": b"team_id,year\nABC,1990\nXYZ,1990\n",
    "corrections": b"id\n",
    "redirects": b"id\n",
}
TEAMS_FILE, SCHEMA_FILE = "data/teams.csv", "schema/teams.yaml"

# What is wrong; what stands in the file of teams instead of what; where we tell it.
CELLS = [
    ("unclosed quotation mark", b"One\nXYZ", b'"One\nXYZ', f"{TEAMS_FILE}, row 2:"),
    ("byte-order mark", b"id,", b"\xef\xbb\xbfid,", f"{TEAMS_FILE}, row 1:"),
    ("CR-only line ends", b"\n", b"\r", f"{TEAMS_FILE}, row 1:"),
    ("NUL byte in a cell", b"One", b"O\0ne", f"{TEAMS_FILE}, row 2, field note:"),
    ("blanks behind a text", b"One", b"One  ", f"{TEAMS_FILE}, row 2, field note:"),
    ("a single blank where a text is required", b"One", b" ", f"{TEAMS_FILE}, row 2, field note:"),
    ("line feed in a cell", b"One", b'"O\nne"', f"{TEAMS_FILE}, row 2:"),
    ("line feed behind a text that fits its pattern", b"ABC", b'"ABC\n"', f"{TEAMS_FILE}, row 2:"),
    ("stray quotation mark", b"One", b'O"ne', f"{TEAMS_FILE}, row 2:"),
    ("number with a plus", b",1,", b",+1,", f"{TEAMS_FILE}, row 2, field score:"),
    ("number with a blank", b",1,", b", 1,", f"{TEAMS_FILE}, row 2, field score:"),
    ("number with a leading zero", b",1,", b",01,", f"{TEAMS_FILE}, row 2, field score:"),
    ("date without its zeros", b"2025-02-24", b"2025-2-4", f"{TEAMS_FILE}, row 2, field played_on:"),
    ("script in a text", b"One", b"javascript:alert(1)", f"{TEAMS_FILE}, row 2, field note:"),
    ("formula", b"One", b"=1+1", f"{TEAMS_FILE}, row 2, field note:"),
    ("markup", b"One", b"<b>One</b>", f"{TEAMS_FILE}, row 2, field note:"),
    ("accent apart from its letter", b"One", b"Cafe\xcc\x81", f"{TEAMS_FILE}, row 2, field note:"),
    ("look-alike letter", b"One", b"\xd0\x9ene", f"{TEAMS_FILE}, row 2, field note:"),
    ("widthless character", b"One", b"O\xe2\x80\x8bne", f"{TEAMS_FILE}, row 2, field note:"),
    ("header alone", FILES["teams"].partition(b"\n")[2], b"", f"{TEAMS_FILE}:"),
]
# What the schema of teams says otherwise (merged into it, or into its first column), and where we tell it.
SCHEMA_CHANGES = [
    ("misspelt property of a schema", {"primarykey": ["id"]}, {}, f"{SCHEMA_FILE}:"),
    ("uniqueKeys", {"uniqueKeys": [["note"]]}, {}, f"{SCHEMA_FILE}:"),
    ("misspelt property of a column", {}, {"descriptio": "x"}, f"{SCHEMA_FILE}, field id:"),
    ("categories", {}, {"categories": ["ABC"]}, f"{SCHEMA_FILE}, field id:"),
    ("key that may be empty", {}, {"constraints": {"pattern": "[A-Z]{3}"}}, f"{SCHEMA_FILE}, field id:"),
]
# What the resource of teams says otherwise.
RESOURCE_CHANGES = [
    (
        "checklist",
        {"checklist": {"checks": [{"type": "table-dimensions", "minRows": 9}]}},
        "datapackage.yaml, field teams:",
    ),
    ("encoding not declared", {"encoding": None}, "datapackage.yaml, field teams:"),
    ("dialect not pinned", {"dialect": None}, "datapackage.yaml, field teams:"),
]


@pytest.fixture
def package(tmp_path):
    """The root of a sound package, which a test then breaks."""
    small_package(tmp_path, SCHEMAS, {name: text.decode() for name, text in FILES.items()})
    return tmp_path


def frictionless_is_content(root) -> bool:
    """Whether `frictionless validate` would find nothing."""
    descriptor = yaml.safe_load((root / "datapackage.yaml").read_text(encoding="utf-8"))
    return frictionless.Package(descriptor, basepath=str(root)).validate().valid


def told(root) -> list[str]:
    """What we say."""
    try:
        package = open_package(root)
        rows, problems = read_package(package)
        return [str(problem) for problem in [*problems, *validate(package, rows)]]
    except BadDataError as error:
        return [str(problem) for problem in error.problems]


def test_the_package_is_sound_before_it_is_broken(package):
    assert frictionless_is_content(package)
    assert told(package) == []


@pytest.mark.parametrize(("old", "new", "place"), [pytest.param(*rest, id=kind) for kind, *rest in CELLS])
def test_frictionless_lets_it_pass_in_a_file_and_we_do_not(package, old, new, place):
    (package / TEAMS_FILE).write_bytes(FILES["teams"].replace(old, new))
    assert only_orphans(package)
    assert [line for line in told(package) if line.startswith(place)]


def only_orphans(root) -> bool:
    """Whether Frictionless says nothing of the file itself; rows that lead to what it misread it may miss."""
    descriptor = yaml.safe_load((root / "datapackage.yaml").read_text(encoding="utf-8"))
    return frictionless.Package(descriptor, basepath=str(root)).get_resource("teams").validate().valid


@pytest.mark.parametrize(
    ("schema", "column", "place"), [pytest.param(*rest, id=kind) for kind, *rest in SCHEMA_CHANGES]
)
def test_frictionless_lets_it_pass_in_a_schema_and_we_do_not(package, schema, column, place):
    path = package / SCHEMA_FILE
    changed = yaml.safe_load(path.read_text(encoding="utf-8")) | schema
    changed["fields"][0] |= column
    path.write_text(yaml.safe_dump(changed, sort_keys=False), encoding="utf-8")
    assert frictionless_is_content(package)
    assert [line for line in told(package) if line.startswith(place)]


@pytest.mark.parametrize(("change", "place"), [pytest.param(*rest, id=kind) for kind, *rest in RESOURCE_CHANGES])
def test_frictionless_lets_it_pass_in_a_resource_and_we_do_not(package, change, place):
    path = package / "datapackage.yaml"
    changed = yaml.safe_load(path.read_text(encoding="utf-8"))
    changed["resources"][0] |= change
    changed["resources"][0] = {key: value for key, value in changed["resources"][0].items() if value is not None}
    path.write_text(yaml.safe_dump(changed, sort_keys=False), encoding="utf-8")
    assert frictionless_is_content(package)
    assert [line for line in told(package) if line.startswith(place)]


def test_a_file_that_the_package_does_not_name_is_seen(package):
    (package / "data/old.csv").write_text("id\nA\n", encoding="utf-8")
    assert frictionless_is_content(package)
    assert told(package) == ["data/old.csv: is not named in datapackage.yaml"]


def test_half_a_key_that_is_empty_is_refused(package):
    """Of a compound key Frictionless sees only that all of it is empty; here each part is required."""
    schema = yaml.safe_load((package / "schema/seasons.yaml").read_text(encoding="utf-8"))
    del schema["fields"][1]["constraints"]
    (package / "schema/seasons.yaml").write_text(yaml.safe_dump(schema, sort_keys=False), encoding="utf-8")
    (package / "data/seasons.csv").write_bytes(b"team_id,year\nABC,\n")
    assert frictionless_is_content(package)
    assert told(package) == ["schema/seasons.yaml, field year: is part of the key and not required"]


def test_a_key_that_leads_to_a_column_which_is_not_there_is_wrong_in_the_schema_and_not_in_every_row(package):
    path = package / "schema/seasons.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("- id\n", "- code\n"), encoding="utf-8")
    assert told(package) == ["schema/seasons.yaml, field team_id: refers to teams.code, which is not there"]


def test_keys_that_differ_in_letter_case_only_are_refused(package):
    """The site answers for a key in another letter case, so there may not be two."""
    (package / TEAMS_FILE).write_bytes(FILES["teams"] + b"abc,,,,Three\n")
    assert frictionless_is_content(package)
    assert told(package) == [f"{TEAMS_FILE}, row 4, field id: differs from the key in row 2 in letter case only"]
