"""Bad input: each kind is refused with the file, the row, the field and the reason, and nothing is published."""

import csv
import json
import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from conftest import add_row, change_row, remove_row, replace_text

from scripts.build import ROOT

Change = Callable[[Path], int | None]

SOURCES = "data/ledger/sources.csv"
MEMBERS, BLOCS, TERMS, VOTES = (
    "data/un/members.csv",
    "data/un/blocs.csv",
    "data/un/council_terms.csv",
    "data/un/votes.csv",
)
TEXTS, ROLL_CALLS, PROVISIONS = "data/un/resolutions.csv", "data/un/roll_calls.csv", "data/un/provisions.csv"
ARTICLES, ORIGINS = "data/press/articles.csv", "data/press/article_origins.csv"
CLAIMS, CHECKS = "data/press/claims.csv", "data/press/checks.csv"

US_VOTE = "A-RES-ES-11-7,USA"


def rows(path: str) -> list[dict[str, str]]:
    with (ROOT / path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def check_with(query_name: str, **values: str) -> str:
    """The key of the first shipped check that asks this."""
    wanted = {"query_name": query_name, **values}
    return next(f"{row['claim_id']},{row['position']}" for row in rows(CHECKS) if wanted.items() <= row.items())


def claim_with(**values: str) -> str:
    """The key of the first shipped claim that is coded so."""
    return next(row["id"] for row in rows(CLAIMS) if values.items() <= row.items())


def claim_with_one_check(query_name: str, **values: str) -> str:
    """The key of the first shipped claim whose only check asks this."""
    checks = Counter(row["claim_id"] for row in rows(CHECKS))
    wanted = {"query_name": query_name, **values}
    alone = (row for row in rows(CHECKS) if checks[row["claim_id"]] == 1)
    return next(row["claim_id"] for row in alone if wanted.items() <= row.items())


SAME_VOTE, VOTE_COUNT, IN_BLOC = check_with("same_vote"), check_with("vote_count"), check_with("in_bloc")
HOW_VOTED, VOTE_DATE = check_with("how_voted"), check_with("vote_date", relation="between")
IS_PERMANENT, VETOED_BY = check_with("is_permanent"), check_with("vetoed_by")
CLAIM = claim_with_one_check("vote_date", relation="is")


def cells(path: str, key: str, **values: str) -> Change:
    return lambda root: change_row(root / path, key, **values)


def added(path: str, line: str) -> Change:
    return lambda root: add_row(root / path, line)


def removed(path: str, key: str) -> Change:
    return lambda root: remove_row(root / path, key)


def text(path: str, old: str | bytes, new: str | bytes) -> Change:
    return lambda root: replace_text(root / path, old, new)


def content(path: str, of_old: Callable[[bytes], bytes]) -> Change:
    def change(root: Path) -> None:
        old = (root / path).read_bytes() if (root / path).exists() else b""
        (root / path).write_bytes(of_old(old))

    return change


def seen_in(path: str, key: str, change: Change) -> Change:
    """Another row than the changed one is where the problem shows."""

    def changed(root: Path) -> int:
        change(root)
        return change_row(root / path, key)

    return changed


def query(name: str, **declared: object) -> Change:
    """Declare a canned query otherwise."""

    def change(root: Path) -> None:
        path = root / "metadata.yml"
        metadata = yaml.safe_load(path.read_text(encoding="utf-8"))
        metadata["databases"]["record"]["queries"][name] |= declared
        path.write_text(yaml.safe_dump(metadata, allow_unicode=True), encoding="utf-8")

    return change


def params(key: str, **values: str) -> Change:
    return cells(CHECKS, key, params=json.dumps(values))


def roll_call(change: Change) -> Change:
    return seen_in(ROLL_CALLS, "A-RES-ES-11-7", change)


def month_thirteen(root: Path) -> int:
    replace_text(root / ORIGINS, ",bu-today,", ",bu-today-2025-13,")
    return change_row(root / ARTICLES, "bu-today", id="bu-today-2025-13", published_on="2025-13")


def is_permanent(sql: str) -> Change:
    return seen_in(CHECKS, IS_PERMANENT, query("is_permanent", sql=sql))


# Kind, the change, the line that is printed (ROW is the line changed), and how many problems there are in all (a case
# whose consequences depend on how much data there is has no number).
KINDS: list[tuple[str, Change, str, int | None]] = [
    # --- files and bytes ---
    ("empty file", content(VOTES, lambda old: b""), f"{VOTES}: is empty", 1),
    (
        "header only",
        content(VOTES, lambda old: old.partition(b"\n")[0] + b"\n"),
        f"{VOTES}: has a header and no rows",
        1,
    ),
    (
        "latin-1 byte",
        text(MEMBERS, "Côte", "Côte".encode("latin-1")),
        f"{MEMBERS}, row ROW: is not UTF-8 (byte 0xf4)",
        1,
    ),
    (
        "byte-order mark",
        content(VOTES, lambda old: b"\xef\xbb\xbf" + old),
        f"{VOTES}, row 1: begins with a byte-order mark",
        1,
    ),
    (
        "carriage returns",
        content(VOTES, lambda old: old.replace(b"\n", b"\r\n")),
        f"{VOTES}, row 1: has a carriage return; lines end in LF alone",
        1,
    ),
    (
        "no final line feed",
        content(MEMBERS, lambda old: old[:-1]),
        f"{MEMBERS}, row 194: does not end in a line feed",
        1,
    ),
    (
        "semicolons",
        content(VOTES, lambda old: old.replace(b",", b";")),
        f"{VOTES}, row 1: is not separated by commas",
        2,
    ),
    (
        "table not in the package",
        content("data/un/votes-old.csv", lambda old: b"a\n1\n"),
        "data/un/votes-old.csv: is not named in datapackage.yaml",
        1,
    ),
    # --- header and shape ---
    (
        "missing column",
        text(VOTES, "note,", ""),
        f"{VOTES}, row 1, field note: is a column that is missing",
        1,
    ),
    (
        "extra column",
        text(VOTES, "note,", "note,colour,"),
        f"{VOTES}, row 1, field colour: is a column that the schema does not have",
        1,
    ),
    (
        "columns in another order",
        text(VOTES, "roll_call_id,member_id", "member_id,roll_call_id"),
        f"{VOTES}, row 1: has its columns repeated or in another order; "
        "expected roll_call_id,member_id,vote,note,intended_vote,intended_source_id,source_id",
        1,
    ),
    (
        "short row",
        text(VOTES, f"{US_VOTE},no,,", f"{US_VOTE},no,"),
        f"{VOTES}, row ROW: has 6 cells where the header has 7",
        1,
    ),
    (
        "long row",
        text(VOTES, f"{US_VOTE},no,,", f"{US_VOTE},no,,,"),
        f"{VOTES}, row ROW: has 8 cells where the header has 7",
        1,
    ),
    ("blank row", text(VOTES, US_VOTE, f"\n{US_VOTE}"), f"{VOTES}, row ROW: is blank", 1),
    (
        "unclosed quotation mark",
        text(VOTES, f"{US_VOTE},no,,,,", f'{US_VOTE},no,,,,"'),
        f"{VOTES}, row ROW: has a quotation mark within a cell, or one that only the next cell's closes",
        1,
    ),
    # --- cells ---
    (
        "value outside the enumeration",
        cells(VOTES, US_VOTE, vote="maybe"),
        f'{VOTES}, row ROW, field vote: "maybe": constraint "enum" is ',
        1,
    ),
    (
        "date in words",
        cells(ROLL_CALLS, "A-RES-ES-11-7", voted_on="24 February 2025"),
        f'{ROLL_CALLS}, row ROW, field voted_on: "24 February 2025" is not a date written as 2025-02-24',
        1,
    ),
    (
        "impossible date",
        cells(ROLL_CALLS, "A-RES-ES-11-7", voted_on="2025-02-30"),
        f'{ROLL_CALLS}, row ROW, field voted_on: "2025-02-30": type is "date/default"',
        1,
    ),
    (
        "unpadded date",
        cells(ROLL_CALLS, "A-RES-ES-11-7", voted_on="2025-2-24"),
        f'{ROLL_CALLS}, row ROW, field voted_on: "2025-2-24" is not a date written as 2025-02-24',
        1,
    ),
    (
        "leading zero",
        cells(ROLL_CALLS, "A-RES-ES-11-7", sequence="01"),
        f'{ROLL_CALLS}, row ROW, field sequence: "01" is not a whole number written plainly, such as 12',
        1,
    ),
    (
        "month that is none",
        month_thirteen,
        f'{ARTICLES}, row ROW, field published_on: "2025-13": constraint "pattern" is ',
        1,
    ),
    (
        "boolean in words",
        cells(TERMS, "USA", is_permanent="yes"),
        f'{TERMS}, row ROW, field is_permanent: "yes" is not 0 or 1',
        1,
    ),
    (
        "script for an address",
        cells(SOURCES, "undl-4076672", url="javascript:alert(1)"),
        f'{SOURCES}, row ROW, field url: has an address that a browser would run: "javascript:alert(1)"',
        1,
    ),
    (
        "formula",
        cells(VOTES, US_VOTE, note="=1+1"),
        f'{VOTES}, row ROW, field note: "=1+1" is not text that no spreadsheet runs as a formula '
        "(it may not begin with = + - @)",
        1,
    ),
    (
        "blank before a text",
        cells(VOTES, US_VOTE, note=" a"),
        f'{VOTES}, row ROW, field note: has blanks around it: " a"',
        1,
    ),
    (
        "letter and accent apart",
        cells(VOTES, US_VOTE, note="Co\u0302te"),
        f'{VOTES}, row ROW, field note: is not in Unicode normal form C: "Co\u0302te"',
        1,
    ),
    (
        "zero-width space",
        cells(VOTES, US_VOTE, note="a\u200bb"),
        f"{VOTES}, row ROW, field note: has a control character or one that cannot be seen",
        1,
    ),
    # --- keys ---
    (
        "duplicate key",
        added(MEMBERS, "USA,Xland,X Land,,XX,999,998,Africa,Sub-Saharan Africa,,1960-01-01,un-member-list-copy"),
        f"{MEMBERS}, row ROW, field id: the same as in the row at position 184 (primary-key)",
        1,
    ),
    (
        "duplicate compound key",
        added(VOTES, f"{US_VOTE},no,,,,undl-4076672"),
        f"{VOTES}, row ROW, field roll_call_id, member_id: the same as in the row at position ",
        1,
    ),
    (
        "orphan",
        cells(VOTES, US_VOTE, source_id="nowhere"),
        f'{VOTES}, row ROW, field source_id: for "source_id": values "nowhere" not found in the lookup table "sources"',
        1,
    ),
    (
        "orphan of a compound key",
        cells(PROVISIONS, "A-RES-ES-11-7,adopted,accountability", resolution_id="S-2025-114"),
        f'{PROVISIONS}, row ROW, field resolution_id, version: for "resolution_id, version": '
        'values "S-2025-114, adopted" not found in the lookup table "text_versions"',
        1,
    ),
    # --- the record's laws ---
    (
        "tally that does not add up",
        cells(ROLL_CALLS, "A-RES-ES-11-7", official_yes="94", official_abstain="64"),
        f"{ROLL_CALLS}, row ROW, field official_yes: the official count is 94, the votes table has 93 of yes",
        2,
    ),
    (
        "192 members",
        roll_call(removed(VOTES, "A-RES-ES-11-7,FRA")),
        f"{ROLL_CALLS}, row ROW, field votes_known: is all, but 192 of 193 members have a vote",
        2,
    ),
    (
        "vote too many",
        seen_in(ROLL_CALLS, "S-RES-2774-2025", added(VOTES, "S-RES-2774-2025,UKR,yes,,,,undl-4077111")),
        f"{ROLL_CALLS}, row ROW, field votes_known: is all, but 16 of 15 members have a vote",
        3,
    ),
    (
        "Council vote without a seat",
        added(VOTES, "S-RES-2774-2025,UKR,yes,,,,undl-4077111"),
        f"{VOTES}, row ROW, field member_id: UKR was not on the Security Council on 2025-02-24",
        3,
    ),
    (
        "vote before joining",
        seen_in(VOTES, "A-RES-ES-11-7,SSD", cells(MEMBERS, "SSD", joined_on="2025-07-14")),
        f"{VOTES}, row ROW, field member_id: SSD was not a member of the United Nations on 2025-02-24",
        None,
    ),
    (
        "vetoed with eight in favour",
        cells(ROLL_CALLS, "S-PV-9866-vote-4", official_yes="8"),
        f"{ROLL_CALLS}, row ROW, field outcome: is vetoed, but 8 in favour, None against "
        "under sc_substantive means failed",
        1,
    ),
    (
        "adopted with fewer in favour",
        cells(ROLL_CALLS, "A-RES-ES-11-7", official_yes="18", official_no="93"),
        f"{ROLL_CALLS}, row ROW, field outcome: is adopted, but 18 in favour, 93 against "
        "under ga_two_thirds means failed",
        None,
    ),
    (
        "derived bloc typed",
        added(BLOCS, "m49-atlantis,Atlantis,m49_region,All members there.,,un-member-list-copy"),
        f"{BLOCS}, row ROW, field kind: m49_region is derived from the members table and never typed",
        1,
    ),
    (
        "typed bloc with the key of a derived one",
        added(BLOCS, "m49-europe,Europe,union,States of Europe.,,un-member-list-copy"),
        f"{BLOCS}, row ROW, field id: m49-europe begins like the key of a derived bloc",
        1,
    ),
    (
        "alias for two members",
        cells(MEMBERS, "FRA", aliases="germany"),
        f'{MEMBERS}, row ROW, field aliases: "germany" stands for DEU as well',
        1,
    ),
    # --- the laws of the coding ---
    (
        "quote of 13 words",
        cells(CLAIMS, CLAIM, quote="a b c d e f g h i j k l m", locator_start="0", locator_end="25"),
        f"{CLAIMS}, row ROW, field quote: has 13 words; a quote has at most 12",
        1,
    ),
    (
        "locator that does not fit the quote",
        cells(CLAIMS, CLAIM, quote="in February", locator_start="0", locator_end="9"),
        f"{CLAIMS}, row ROW, field locator_end: the locator spans 9 characters, the quote has 11",
        1,
    ),
    (
        "claim key of another position",
        cells(CLAIMS, CLAIM, position="77"),
        f"{CLAIMS}, row ROW, field id: is not {CLAIM[:-2]}77, its article and position",
        1,
    ),
    (
        "opinion coded as checkable",
        cells(CLAIMS, claim_with(kind="opinion"), checkable="record", assessment="complete"),
        f"{CLAIMS}, row ROW, field checkable: is record for a claim of kind opinion",
        2,
    ),
    (
        "claim for the record without a check",
        seen_in(CLAIMS, CLAIM, removed(CHECKS, CLAIM)),
        f"{CLAIMS}, row ROW, field checkable: is record, and the claim has no check",
        1,
    ),
    (
        "check on a claim that is not for the record",
        cells(CLAIMS, CLAIM, checkable="no", assessment="not_checkable"),
        f"{CLAIMS}, row ROW, field checkable: is no, and the claim has checks",
        1,
    ),
    (
        "assessed elsewhere without a source",
        cells(CLAIMS, claim_with(assessment="accurate_elsewhere"), source_id=""),
        f"{CLAIMS}, row ROW, field source_id: is empty for a claim assessed accurate_elsewhere",
        1,
    ),
    (
        "article that is its own origin",
        added(ORIGINS, "le-monde-2025-06,tagtik-2025-06-23,says_so,Nothing."),
        f"{ORIGINS}, row ROW, field origin_article_id: makes le-monde-2025-06 an origin of itself",
        None,
    ),
    # --- descriptors ---
    (
        "descriptor that is not YAML",
        content("datapackage.yaml", lambda old: b"resources: [\n"),
        "datapackage.yaml, row 2: is not YAML",
        1,
    ),
    (
        "schema that is not YAML",
        content("schema/votes.yaml", lambda old: b"fields: [\n"),
        "schema/votes.yaml, row 2: is not YAML",
        1,
    ),
    (
        "metadata that is not YAML",
        content("metadata.yml", lambda old: b"databases: [\n"),
        "metadata.yml, row 2: is not YAML",
        1,
    ),
    ("empty descriptor", content("datapackage.yaml", lambda old: b""), "datapackage.yaml: is not a YAML mapping", 1),
    (
        "descriptor without resources",
        content("datapackage.yaml", lambda old: b"name: a\n"),
        "datapackage.yaml: has no resources",
        1,
    ),
    (
        "field without a title",
        text("schema/votes.yaml", "    title: Note\n", ""),
        "schema/votes.yaml, field note: has no title",
        1,
    ),
    (
        "field of an unknown type",
        text("schema/votes.yaml", "type: string", "type: strng"),
        "schema/votes.yaml, field roll_call_id, type: is not string or integer or number or boolean or date",
        1,
    ),
    (
        "misspelt property of a field",
        text("schema/votes.yaml", "maxLength", "maxLenght"),
        "schema/votes.yaml, field note, constraints: has the property maxLenght, which is not one here",
        1,
    ),
    (
        "misspelt property of a schema",
        text("schema/votes.yaml", "primaryKey", "primarykey"),
        "schema/votes.yaml: has the property primarykey, which is not one here",
        1,
    ),
    (
        "resource without a path",
        text("datapackage.yaml", "    path: data/un/votes.csv\n", ""),
        "datapackage.yaml, field votes: has no path",
        1,
    ),
    (
        "foreign key to a table that does not exist",
        text("schema/votes.yaml", "resource: roll_calls,", "resource: polls,"),
        "schema/votes.yaml, field roll_call_id: refers to polls.id, which is not there",
        1,
    ),
    (
        "view that does not run",
        text("schema/views/votes_named.sql", "members.region", "members.continent"),
        "schema/views/votes_named.sql: fails: no such column: members.continent",
        1,
    ),
    (
        "derivation that does not run",
        text("schema/derived/01_region_blocs.sql", "insert into blocs", "insert into blocks"),
        "schema/derived/01_region_blocs.sql: fails: no such table: blocks",
        1,
    ),
    (
        "metadata without queries",
        content("metadata.yml", lambda old: b"title: A\n"),
        "metadata.yml, field databases: has no record with tables and queries",
        1,
    ),
    (
        "style sheets that are no list",
        text("metadata.yml", "extra_css_urls:\n  - /static/site.css\n", "extra_css_urls: 5\n"),
        "metadata.yml, field extra_css_urls: is not a list",
        1,
    ),
    (
        "style sheet of another site",
        text("metadata.yml", "  - /static/site.css", "  - https://evil.example/x.css"),
        "metadata.yml, field extra_css_urls, 0: is not as it has to be: 'https://evil.example/x.css' does not match ",
        1,
    ),
    (
        "script of another site",
        text("metadata.yml", "extra_css_urls:", "extra_js_urls: [https://evil.example/x.js]\nextra_css_urls:"),
        "metadata.yml: has the property extra_js_urls, which is not one here",
        1,
    ),
    (
        "site without SQL",
        text("metadata.yml", "extra_css_urls:", "allow_sql: false\nextra_css_urls:"),
        "metadata.yml: has the property allow_sql, which is not one here",
        1,
    ),
    (
        "database without SQL",
        text("metadata.yml", "    source: UN Digital Library\n", "    allow_sql: false\n"),
        "metadata.yml, field databases, archive: has the property allow_sql, which is not one here",
        1,
    ),
    (
        "database that is none",
        text("metadata.yml", "  _memory:", "  press: {tables: {}, queries: {}}\n  _memory:"),
        "metadata.yml, field databases: has the property press, which is not one here",
        1,
    ),
    (
        "licence at an address that is none",
        text("metadata.yml", "https://creativecommons.org/licenses/by/4.0/", "javascript:alert(1)"),
        "metadata.yml, field license_url: is not as it has to be: 'javascript:alert(1)' does not match ",
        1,
    ),
    (
        "homepage that is none",
        text("datapackage.yaml", "title: On the Record\n", "title: On the Record\nhomepage: javascript:alert(1)\n"),
        "datapackage.yaml, field homepage: is not as it has to be: 'javascript:alert(1)' does not match ",
        1,
    ),
    (
        "version that was not released",
        text("datapackage.yaml", "version: 1.0.0\n", "version: 9.9.9\n"),
        "datapackage.yaml, field version: is 9.9.9, and the newest release is 1.0.0",
        1,
    ),
    (
        "row title of no column",
        text("metadata.yml", "Membership of {member_id}", "Membership of {nope}"),
        "metadata.yml, field bloc_memberships: has a row title with the column nope, which is not there",
        1,
    ),
    (
        "row title that is left open",
        text("metadata.yml", "Membership of {member_id}", "Membership of {member_id"),
        "metadata.yml, field bloc_memberships: has a row title that cannot be read: ",
        1,
    ),
    (
        "facet that is no column",
        text("metadata.yml", "facets: [roll_call_id, vote]", "facets: [roll_call_id, answer]"),
        "metadata.yml, field votes: has no column answer",
        1,
    ),
    (
        "parameter of a table that does not exist",
        query("is_permanent", parameters={"member": {"table": "polls"}}),
        "metadata.yml, field is_permanent: has a parameter member whose values are nowhere: {'table': 'polls'}",
        1,
    ),
    (
        "answer of a type that does not exist",
        query("is_permanent", answer={"type": "bool"}),
        "metadata.yml, field databases, record, queries, is_permanent, answer, type: "
        "is not string or integer or boolean or date or list",
        1,
    ),
    (
        "metadata of a table that does not exist",
        text("metadata.yml", "      source_differences:\n", "      differences:\n"),
        "metadata.yml, field differences: is not a table or a view",
        1,
    ),
    (
        "page made of a query that does not exist",
        text("metadata.yml", "          story: story_of_outlet", "          story: tale_of_outlet"),
        "metadata.yml, field outlets: has a page with the query tale_of_outlet, which is not there",
        1,
    ),
    (
        "page made of a query about another thing",
        text("metadata.yml", "          story: story_of_outlet", "          story: story_of_claim"),
        "metadata.yml, field outlets: has a page with the query story_of_claim, which takes other parameters",
        1,
    ),
    (
        "home page made of a query with parameters",
        text("metadata.yml", "  numbers: home_numbers", "  numbers: story_of_claim"),
        "metadata.yml, field page: has a page with the query story_of_claim, which takes other parameters",
        1,
    ),
    (
        "query named like a table",
        text("metadata.yml", "      compare_members:", "      votes:"),
        "metadata.yml, field votes: is a query named like a table, which it would hide",
        1,
    ),
    # --- checks ---
    (
        "query that does not exist",
        cells(CHECKS, SAME_VOTE, query_name="who_won"),
        f"{CHECKS}, row ROW, field query_name: metadata.yml has no query who_won",
        1,
    ),
    (
        "query that declares no answer",
        cells(CHECKS, SAME_VOTE, query_name="compare_members"),
        f"{CHECKS}, row ROW, field query_name: compare_members declares no answer, so checks cannot use it",
        1,
    ),
    (
        "parameters that are not JSON",
        cells(CHECKS, SAME_VOTE, params="{roll_call}"),
        f"{CHECKS}, row ROW, field params: is not JSON: ",
        1,
    ),
    (
        "parameter that is not a text",
        cells(CHECKS, SAME_VOTE, params='{"roll_call": 7}'),
        f"{CHECKS}, row ROW, field params: is not a JSON object of texts",
        1,
    ),
    (
        "parameter with a wrong name",
        params(SAME_VOTE, rollcall="A-RES-ES-11-7", member_a="USA", member_b="RUS"),
        f"{CHECKS}, row ROW, field params: same_vote takes roll_call, member_a, member_b, "
        "not rollcall, member_a, member_b",
        1,
    ),
    (
        "unknown roll call",
        params(SAME_VOTE, roll_call="A-RES-ES-11-99", member_a="USA", member_b="RUS"),
        f'{CHECKS}, row ROW, field params: roll_call "A-RES-ES-11-99" is not in the roll_calls table',
        1,
    ),
    (
        "unknown enumerated value",
        params(VOTE_COUNT, roll_call="A-RES-ES-11-7", vote="maybe"),
        f'{CHECKS}, row ROW, field params: vote "maybe" is not one of yes, no, abstain, not_voting',
        1,
    ),
    (
        "impossible date as a parameter",
        params(IN_BLOC, member="FRA", bloc="EU", date="2025-02-30"),
        f'{CHECKS}, row ROW, field params: date "2025-02-30" is not a date',
        1,
    ),
    (
        "relation that does not fit the answer",
        cells(CHECKS, SAME_VOTE, relation="more_than"),
        f"{CHECKS}, row ROW, field relation: more_than does not go with an answer of type boolean",
        1,
    ),
    (
        "stated number where the answer is yes or no",
        cells(CHECKS, SAME_VOTE, stated="1"),
        f'{CHECKS}, row ROW, field stated: "1" is not one of yes, no',
        1,
    ),
    (
        "stated word where the answer is a number",
        cells(CHECKS, VOTE_COUNT, stated="many"),
        f'{CHECKS}, row ROW, field stated: "many" is not a whole number',
        1,
    ),
    (
        "stated word that the answer never is",
        cells(CHECKS, HOW_VOTED, stated="against"),
        f'{CHECKS}, row ROW, field stated: "against" is not one of yes, no, abstain, not_voting, not_a_member',
        1,
    ),
    (
        "one bound where two are asked",
        cells(CHECKS, VOTE_DATE, stated="2025-02-01"),
        f'{CHECKS}, row ROW, field stated: "2025-02-01" is not two values joined by ..',
        1,
    ),
    (
        "impossible date as a bound",
        cells(CHECKS, VOTE_DATE, stated="2025-02-01..2025-02-30"),
        f'{CHECKS}, row ROW, field stated: "2025-02-30" is not a date',
        1,
    ),
    (
        "bounds the wrong way round",
        cells(CHECKS, VOTE_COUNT, relation="between", stated="100..90"),
        f'{CHECKS}, row ROW, field stated: "100..90" ends before it begins',
        1,
    ),
    (
        "tolerance below nothing",
        cells(CHECKS, VOTE_COUNT, relation="about", stated="93±-5"),
        f'{CHECKS}, row ROW, field stated: "93±-5" ends before it begins',
        1,
    ),
    # --- queries ---
    (
        "query that returns no row",
        is_permanent("select 1 as answer where 0"),
        f"{CHECKS}, row ROW, field query_name: is_permanent returns no row; a check needs one",
        None,
    ),
    (
        "query that returns two rows",
        is_permanent("select 1 as answer union all select 0"),
        f"{CHECKS}, row ROW, field query_name: is_permanent returns more than one row; a check needs one",
        None,
    ),
    (
        "query without an answer column",
        is_permanent("select 1 as reply"),
        f"{CHECKS}, row ROW, field query_name: is_permanent does not have answer as its first column",
        None,
    ),
    (
        "query that answers otherwise than it declares",
        is_permanent("select 'perhaps' as answer"),
        f"{CHECKS}, row ROW, field query_name: is_permanent answers 'perhaps', which is not what it declares",
        None,
    ),
    (
        "query that answers a list with a word",
        seen_in(CHECKS, VETOED_BY, query("vetoed_by", sql="select 'USA' as answer")),
        f"{CHECKS}, row ROW, field query_name: vetoed_by answers 'USA', which is not a JSON list of texts",
        None,
    ),
    (
        "query that answers a date with a word",
        seen_in(CHECKS, VOTE_DATE, query("vote_date", sql="select 'yesterday' as answer")),
        f"{CHECKS}, row ROW, field query_name: vote_date answers 'yesterday', which is not what it declares",
        None,
    ),
    (
        "query that tries to write",
        is_permanent("insert into redirects values ('a', 'b', 'c', 'd', 'e') returning 1 as answer"),
        f"{CHECKS}, row ROW, field query_name: is_permanent tries to do more than read",
        None,
    ),
    (
        "query that fails",
        is_permanent("select nonsense as answer"),
        "metadata.yml, field is_permanent: has SQL that fails: no such column: nonsense",
        None,
    ),
    (
        "query of two statements",
        is_permanent("select 1 as answer; select 2"),
        "metadata.yml, field is_permanent: has SQL that fails: You can only execute one statement at a time.",
        None,
    ),
    (
        "query that runs forever",
        is_permanent(
            "with recursive n (i) as (select 1 union all select i + 1 from n) select count(*) as answer from n"
        ),
        f"{CHECKS}, row ROW, field query_name: is_permanent fails: interrupted",
        None,
    ),
]


@pytest.mark.parametrize(("change", "line", "problems"), [pytest.param(*rest, id=kind) for kind, *rest in KINDS])
def test_bad_input_is_named_and_nothing_is_published(project, build, change, line, problems):
    row = change(project)
    code, said = build(project)
    counted = re.search(r"^(1 problem|\d+ problems); nothing was built\n\Z", said, re.MULTILINE)
    assert code == 1
    assert line.replace("ROW", str(row)) in said
    assert problems in (None, int(counted[1].split()[0]))
    assert nothing_is_published(project)


@pytest.mark.parametrize("path", ["data/un/votes.csv", "schema/votes.yaml", "metadata.yml", "data/GAPS.md"])
def test_a_missing_file_is_named_without_any_folder_of_the_machine(project, build, path):
    (project / path).unlink()
    code, said = build(project)
    assert code == 1
    assert said.startswith(f"{path}: ")
    assert "No such file or directory" in said


# Descriptions that Frictionless or YAML would ignore or trip over: the change, and the file that is named.
WRONG_DESCRIPTIONS: list[tuple[str, Change, str]] = [
    (
        "field that is only a name",
        text("schema/votes.yaml", "fields:\n", "fields:\n  - note\n"),
        "schema/votes.yaml",
    ),
    (
        "foreign key without a reference",
        text("schema/votes.yaml", "reference: {resource: roll_calls", "refers: {resource: roll_calls"),
        "schema/votes.yaml",
    ),
    (
        "foreign key of a column that does not exist",
        text("schema/votes.yaml", "fields: [roll_call_id]", "fields: [roll_call]"),
        "schema/votes.yaml",
    ),
    (
        "foreign key to a column that does not exist",
        text("schema/votes.yaml", "resource: roll_calls, fields: [id]", "resource: roll_calls, fields: [key]"),
        "schema/votes.yaml",
    ),
    (
        "primary key of a column that does not exist",
        text("schema/votes.yaml", "primaryKey: [roll_call_id, member_id]", "primaryKey: [roll_call_id, member]"),
        "schema/votes.yaml",
    ),
    (
        "enumeration of yes and no without quotation marks",
        text("schema/votes.yaml", '"yes", "no", "abstain"', 'yes, no, "abstain"'),
        "schema/votes.yaml",
    ),
    (
        "pattern that is no regular expression",
        text("schema/members.yaml", "'[A-Z]{2}'", "'[A-Z{2}'"),
        "schema/members.yaml",
    ),
    (
        "query that is only a name",
        text("metadata.yml", "      who_changed:\n", "      nothing:\n      who_changed:\n"),
        "metadata.yml",
    ),
]


@pytest.mark.parametrize(
    ("change", "file"),
    [pytest.param(change, file, id=kind) for kind, change, file in WRONG_DESCRIPTIONS],
)
def test_a_wrong_description_is_named(project, build, change, file):
    change(project)
    code, said = build(project)
    assert (code, said.startswith(file)) == (1, True)
    assert len(said.splitlines()) <= 3


def nothing_is_published(root: Path) -> bool:
    left = [path for path in (root / "build").rglob("*") if path.is_file() or path.is_symlink()]
    return left == [root / "build/.lock"] and not list((root / "build/sites").glob("*"))


def test_every_problem_in_every_file_is_listed_in_one_run(project, build):
    change_row(project / VOTES, US_VOTE, vote="maybe", note=" a")
    change_row(project / MEMBERS, "FRA", iso2="FRX")
    change_row(project / SOURCES, "undl-4076672", url="javascript:alert(1)")
    change_row(project / CLAIMS, CLAIM, locator_start="0")
    (project / PROVISIONS).unlink()
    code, said = build(project)
    places = [line.partition(":")[0] for line in said.splitlines()]
    assert code == 1
    assert [re.sub(r", row \d+", "", place) for place in places[:-1]] == [
        f"{SOURCES}, field url",
        f"{CLAIMS}, field locator_end",
        f"{MEMBERS}, field iso2",
        PROVISIONS,
        f"{VOTES}, field note",
    ]
    assert said.endswith("5 problems; nothing was built\n")


def test_every_check_that_cannot_run_is_listed_in_one_run(project, build):
    rows = [
        change_row(project / CHECKS, SAME_VOTE, query_name="who_won"),
        change_row(project / CHECKS, VOTE_COUNT, stated="many"),
        change_row(project / CHECKS, IN_BLOC, relation="at_least"),
    ]
    _, said = build(project)
    assert [int(row) for row in re.findall(r"row (\d+)", said)] == sorted(rows)


def test_the_last_good_build_stays_after_bad_input(project, build, built_project):
    shutil.copytree(built_project / "build", project / "build", symlinks=True)
    before = (project / "build/site").readlink()
    content_before = (project / "build/site/record.db").read_bytes()
    change_row(project / CHECKS, SAME_VOTE, query_name="who_won")
    assert build(project)[0] == 1
    assert (project / "build/site").readlink() == before
    assert (project / "build/site/record.db").read_bytes() == content_before
    assert [path.name for path in (project / "build/sites").iterdir()] == [before.name]
