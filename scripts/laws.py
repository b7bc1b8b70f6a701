"""The laws of the record and of the coding: what must hold between rows, beyond what a Table Schema can say.

A law is a generator over the rows that break it. Its docstring is the rule, in words that any reader may use.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from scripts.package import Package, Row, Rows
from scripts.problems import Problem

Breach = tuple[str, Row, str | None, str]
COUNCIL_SEATS = 15
LONGEST_QUOTE = 12
VOTE_COLUMNS = {
    "yes": "official_yes",
    "no": "official_no",
    "abstain": "official_abstain",
    "not_voting": "official_not_voting",
}
DERIVED_BLOC_KINDS = ("m49_region", "m49_subregion", "regional_group")
DERIVED_BLOC_KEYS = ("m49-", "group-")
# What these kinds of claim say is argued and not stated, so that they have neither checks nor a verdict.
ARGUED_KINDS = ("opinion", "prediction")
ASSESSMENTS = {
    "record": {"complete", "incomplete"},
    "record_later": {"awaits_record"},
    "elsewhere": {"accurate_elsewhere", "inaccurate_elsewhere"},
    "no": {"not_checkable"},
}


@dataclass(frozen=True)
class Law:
    """A rule, the tables it needs, and the generator of its breaches (table, row, column, reason)."""

    rule: str
    needs: frozenset[str]
    find: Callable[[Rows], Iterator[Breach]]

    def breaches(self, package: Package, rows: Rows) -> list[Problem]:
        """The rows that break the law, as problems with file, row, field and reason."""
        return [
            Problem(str(PurePosixPath(package.tables[table].path or table)), row.number, column, reason)
            for table, row, column, reason in self.find(rows)
        ]


LAWS: list[Law] = []


def law(*needs: str) -> Callable[[Callable[[Rows], Iterator[Breach]]], Callable[[Rows], Iterator[Breach]]]:
    """Register a generator of breaches as a law over the tables it needs."""

    def register(find: Callable[[Rows], Iterator[Breach]]) -> Callable[[Rows], Iterator[Breach]]:
        """List the generator under its own docstring, which says the law in a sentence, and leave it as it is."""
        assert find.__doc__
        LAWS.append(Law(find.__doc__, frozenset(needs), find))
        return find

    return register


def key_of_symbol(symbol: str) -> str:
    """The key of a UN symbol: every run of other characters one hyphen, none at an end."""
    return re.sub(r"[^A-Za-z0-9]+", "-", symbol).strip("-")


def _votes_of(rows: Rows) -> dict[str, dict[str, str]]:
    votes: dict[str, dict[str, str]] = {row["id"]: {} for row in rows["roll_calls"]}
    for row in rows["votes"]:
        votes.setdefault(row["roll_call_id"], {})[row["member_id"]] = row["vote"]
    return votes


def _holds(row: Row, day: str) -> bool:
    return row["valid_from"] <= day <= (row["valid_until"] or day)


def _eligible(rows: Rows, roll_call: Row) -> set[str]:
    """The members that had a vote in a roll call."""
    day = roll_call["voted_on"]
    members = {row["id"] for row in rows["members"] if row["joined_on"] <= day}
    if roll_call["body"] == "GA":
        return members
    return members & {row["member_id"] for row in rows["council_terms"] if _holds(row, day)}


def _permanent(rows: Rows, day: str) -> set[str]:
    return {row["member_id"] for row in rows["council_terms"] if row["is_permanent"] and _holds(row, day)}


@law("council_terms", "roll_calls")
def council_has_fifteen_seats(rows: Rows) -> Iterator[Breach]:
    """On the day of a Council roll call fifteen members hold a seat."""
    for row in rows["roll_calls"]:
        if row["body"] == "SC":
            seats = sum(_holds(term, row["voted_on"]) for term in rows["council_terms"])
            if seats != COUNCIL_SEATS:
                yield (
                    "roll_calls",
                    row,
                    "voted_on",
                    f"{seats} members hold a Council seat on {row['voted_on']}, not {COUNCIL_SEATS}",
                )


@law("members", "council_terms", "roll_calls", "votes")
def known_votes_are_all_there(rows: Rows) -> Iterator[Breach]:
    """With all votes known there is one for each member that could vote; with none, none; with some, some."""
    votes = _votes_of(rows)
    for row in rows["roll_calls"]:
        voters, eligible = len(votes[row["id"]]), len(_eligible(rows, row))
        wrong = {
            "all": voters != eligible,
            "partial": not 0 < voters < eligible,
            "none": voters != 0,
        }[row["votes_known"]]
        if wrong:
            yield (
                "roll_calls",
                row,
                "votes_known",
                f"is {row['votes_known']}, but {voters} of {eligible} members have a vote",
            )


@law("members", "council_terms", "roll_calls", "votes")
def only_members_with_a_vote_vote(rows: Rows) -> Iterator[Breach]:
    """Nobody votes before joining the United Nations, or in the Council without a seat."""
    roll_calls = {row["id"]: row for row in rows["roll_calls"]}
    eligible = {key: _eligible(rows, row) for key, row in roll_calls.items()}
    for row in rows["votes"]:
        if row["member_id"] not in eligible[row["roll_call_id"]]:
            roll_call = roll_calls[row["roll_call_id"]]
            body = "a member of the United Nations" if roll_call["body"] == "GA" else "on the Security Council"
            yield "votes", row, "member_id", f"{row['member_id']} was not {body} on {roll_call['voted_on']}"


@law("votes")
def intended_votes_differ(rows: Rows) -> Iterator[Breach]:
    """A vote that a member said it had meant to cast is not the one recorded, and has a source of its own."""
    for row in rows["votes"]:
        if (row["intended_vote"] is None) != (row["intended_source_id"] is None):
            yield "votes", row, "intended_source_id", "stands beside an intended vote, and only there"
        if row["intended_vote"] == row["vote"]:
            yield "votes", row, "intended_vote", f"is {row['vote']}, which is what was recorded"


@law("roll_calls", "votes", "source_differences")
def differences_differ(rows: Rows) -> Iterator[Breach]:
    """What a source has otherwise is not what the record has."""
    votes = _votes_of(rows)
    roll_calls = {row["id"]: row for row in rows["roll_calls"]}
    for row in rows["source_differences"]:
        column, key = row["column_name"], row["roll_call_id"]
        here = votes[key].get(row["member_id"]) if column == "vote" else roll_calls[key][column]
        if row["source_says"] == str(here):
            yield "source_differences", row, "source_says", f"is {here}, which is what the record has"


@law("votes", "roll_call_sources")
def votes_rest_on_a_listed_source(rows: Rows) -> Iterator[Breach]:
    """The source of a vote is among the sources of its roll call."""
    listed = {(row["roll_call_id"], row["source_id"]) for row in rows["roll_call_sources"]}
    for row in rows["votes"]:
        if (row["roll_call_id"], row["source_id"]) not in listed:
            yield "votes", row, "source_id", f"{row['source_id']} is not among the sources of {row['roll_call_id']}"


@law("sources", "roll_calls", "roll_call_sources")
def sources_are_looked_at_after_the_vote(rows: Rows) -> Iterator[Breach]:
    """A source that bears a roll call out was looked at on the day of the vote or later, so no vote lies ahead."""
    sources = {row["id"]: row for row in rows["sources"]}
    voted_on = {row["id"]: row["voted_on"] for row in rows["roll_calls"]}
    bears_out = {(row["source_id"], row["id"]) for row in rows["roll_calls"]}
    bears_out |= {(row["source_id"], row["roll_call_id"]) for row in rows["roll_call_sources"]}
    for source, roll_call in sorted(bears_out):
        if sources[source]["accessed_on"] < voted_on[roll_call]:
            reason = f"is before {voted_on[roll_call]}, the day of the vote {roll_call} that it bears out"
            yield "sources", sources[source], "accessed_on", reason


@law("roll_calls", "votes")
def votes_add_up(rows: Rows) -> Iterator[Breach]:
    """The votes of a roll call add up to the official tally where all are known, and never exceed it."""
    votes = _votes_of(rows)
    for row in rows["roll_calls"]:
        counted = Counter(votes[row["id"]].values())
        for vote, column in VOTE_COLUMNS.items():
            official = row[column]
            wrong = counted[vote] != official if row["votes_known"] == "all" else counted[vote] > (official or 0)
            if official is not None and wrong:
                yield (
                    "roll_calls",
                    row,
                    column,
                    f"the official count is {official}, the votes table has {counted[vote]} of {vote}",
                )


@law("members", "council_terms", "roll_calls")
def tallies_cover_the_members(rows: Rows) -> Iterator[Breach]:
    """The four official counts together are the number of members; fewer counts are never more than that."""
    for row in rows["roll_calls"]:
        counts = [row[column] for column in VOTE_COLUMNS.values()]
        total, members = sum(count or 0 for count in counts), len(_eligible(rows, row))
        if total > members or (None not in counts and total != members):
            yield "roll_calls", row, None, f"its official counts add up to {total}, and {members} members could vote"


def outcomes_allowed(rule: str, yes: int | None, no: int | None, vetoed: bool | None) -> set[str]:
    """What can have become of a vote, by its rule, its counts and a permanent member's no (None where not known)."""
    if rule.startswith("sc_"):
        carried = {"vetoed"} if vetoed else {"adopted"} if vetoed is False else {"adopted", "vetoed"}
        if rule == "sc_procedural":
            carried = {"adopted"}
        return carried | {"failed"} if yes is None else carried if yes >= 9 else {"failed"}
    if yes is None or no is None:
        return {"adopted", "failed"}
    by_simple, by_two_thirds = yes > no, yes > 0 and yes >= 2 * no
    if rule == "ga_not_known" and by_simple != by_two_thirds:
        return set()
    return {"adopted" if (by_two_thirds if rule == "ga_two_thirds" else by_simple) else "failed"}


@law("council_terms", "roll_calls", "votes")
def outcome_follows(rows: Rows) -> Iterator[Breach]:
    """The outcome follows from the tally and the majority rule, and the rule belongs to the body."""
    votes = _votes_of(rows)
    for row in rows["roll_calls"]:
        rule = row["majority_rule"]
        if not rule.startswith(row["body"].lower()):
            yield "roll_calls", row, "majority_rule", f"{rule} is not a rule of the body {row['body']}"
            continue
        cast = {votes[row["id"]].get(member) for member in _permanent(rows, row["voted_on"])}
        vetoed = True if "no" in cast else None if None in cast else False
        allowed = outcomes_allowed(rule, row["official_yes"], row["official_no"], vetoed)
        if row["outcome"] not in allowed:
            counts = f"{row['official_yes']} in favour, {row['official_no']} against"
            yield (
                "roll_calls",
                row,
                "outcome",
                f"is {row['outcome']}, but {counts} under {rule} means {' or '.join(sorted(allowed)) or 'either'}",
            )


@law("resolutions", "roll_calls")
def text_and_roll_call_agree(rows: Rows) -> Iterator[Breach]:
    """A text has its roll call's body and outcome, is submitted before and adopted on its day; a motion has no text."""
    texts = {row["id"]: row for row in rows["resolutions"]}
    for row in rows["roll_calls"]:
        if (row["kind"] == "procedure") != (row["resolution_id"] is None):
            yield (
                "roll_calls",
                row,
                "resolution_id",
                f"a vote of kind {row['kind']} {'has no text' if row['resolution_id'] else 'needs its text'}",
            )
        if row["resolution_id"] is None or row["kind"] == "paragraph":
            continue
        text = texts[row["resolution_id"]]
        for column in ("body", "outcome"):
            if text[column] != row[column]:
                yield (
                    "resolutions",
                    text,
                    column,
                    f"is {text[column]}, but its roll call {row['id']} says {row[column]}",
                )
        if text["submitted_on"] and text["submitted_on"] > row["voted_on"]:
            yield "resolutions", text, "submitted_on", f"is after the vote of {row['voted_on']}"
        if text["adopted_on"] != (row["voted_on"] if row["outcome"] == "adopted" else None):
            yield (
                "resolutions",
                text,
                "adopted_on",
                f"is {text['adopted_on']}, but the vote of {row['voted_on']} has the outcome {row['outcome']}",
            )


@law("resolutions")
def texts_are_keyed_by_symbol(rows: Rows) -> Iterator[Breach]:
    """A text's key is made from its symbol, or is its roll call's where that was not certain; only amendments amend."""
    for row in rows["resolutions"]:
        if row["symbol"] and row["id"] != key_of_symbol(row["symbol"]) and not re.search(r"-vote-[1-9]\d*$", row["id"]):
            yield (
                "resolutions",
                row,
                "id",
                f"is {row['id']}, but the symbol {row['symbol']} makes {key_of_symbol(row['symbol'])}",
            )
        if row["symbol_certain"] and not row["symbol"]:
            yield "resolutions", row, "symbol_certain", "is 1 where there is no symbol"
        if (row["kind"] == "amendment") != (row["parent_id"] is not None):
            yield "resolutions", row, "parent_id", "an amendment names the text it amends, and only an amendment does"


@law("resolutions", "text_versions")
def texts_stand_in_their_series(rows: Rows) -> Iterator[Breach]:
    """Council texts have their series, an amendment its text's; only an adopted text has an adopted version."""
    texts = {row["id"]: row for row in rows["resolutions"]}
    for row in rows["resolutions"]:
        parent = texts.get(row["parent_id"])
        if (row["body"] == "SC") != (row["series"] == "security_council"):
            yield "resolutions", row, "series", f"is {row['series']} for a text of the body {row['body']}"
        elif parent and parent["series"] != row["series"]:
            yield "resolutions", row, "series", f"is {row['series']}, but {parent['id']} is in {parent['series']}"
    for row in rows["text_versions"]:
        outcome = texts[row["resolution_id"]]["outcome"]
        if row["version"] == "adopted" and outcome != "adopted":
            yield "text_versions", row, "version", f"is adopted, but the outcome of {row['resolution_id']} is {outcome}"


@law("roll_calls", "resolutions", "members")
def roll_calls_are_keyed_by_text_or_meeting(rows: Rows) -> Iterator[Breach]:
    """A roll call's key is its text's, or meeting or day and number; movers are members; no two share a place."""
    members = {row["id"] for row in rows["members"]}
    places: Counter[tuple[str, int]] = Counter()
    for row in rows["roll_calls"]:
        by_day = f"{row['body']}-{row['voted_on']}"
        place = key_of_symbol(row["meeting"] or by_day)
        numbered = rf"({re.escape(place)}|{by_day})-vote-[1-9]\d*"
        if row["id"] != row["resolution_id"] and not re.fullmatch(numbered, row["id"]):
            yield "roll_calls", row, "id", f"is neither the key of its text nor {place}-vote- and a number"
        for mover in (row["moved_by"] or "").split("|"):
            if mover and mover not in members:
                yield "roll_calls", row, "moved_by", f"{mover} is not in the members table"
        if row["sequence"]:
            places[row["voted_on"], row["sequence"]] += 1
            if places[row["voted_on"], row["sequence"]] > 1:
                yield (
                    "roll_calls",
                    row,
                    "sequence",
                    f"another vote of {row['voted_on']} has the place {row['sequence']}",
                )


@law("bloc_memberships", "council_terms", "blocs")
def times_are_in_order(rows: Rows) -> Iterator[Breach]:
    """A membership or term ends after it begins, no two of one member overlap, and derived blocs are not typed."""
    for table, group in (("bloc_memberships", ("bloc_id", "member_id")), ("council_terms", ("member_id",))):
        last: dict[tuple[str, ...], str] = {}
        for row in sorted(rows[table], key=lambda row: row["valid_from"]):
            if row["valid_until"] and row["valid_until"] < row["valid_from"]:
                yield table, row, "valid_until", f"{row['valid_until']} is before {row['valid_from']}"
            key = tuple(row[column] for column in group)
            if row["valid_from"] <= last.get(key, ""):
                yield table, row, "valid_from", f"overlaps with an earlier row of {', '.join(key)}"
            last[key] = max(last.get(key, ""), row["valid_until"] or "9999-12-31")
    for row in rows["blocs"]:
        if row["kind"] in DERIVED_BLOC_KINDS:
            yield "blocs", row, "kind", f"{row['kind']} is derived from the members table and never typed"
        elif row["id"].startswith(DERIVED_BLOC_KEYS):
            yield "blocs", row, "id", f"{row['id']} begins like the key of a derived bloc"


def names_of(member: Row) -> set[str]:
    """Every name that the members table has for a member, its aliases included."""
    return {member["short_name"], member["name"], *(member["aliases"] or "").split("|")} - {""}


@law("members", "member_names")
def names_stand_for_one_member(rows: Rows) -> Iterator[Breach]:
    """No name, alias or former name stands for two members, and a former name ended after it began."""
    owner: dict[str, str] = {}
    for row in rows["members"]:
        for name in names_of(row):
            if owner.setdefault(name.casefold(), row["id"]) != row["id"]:
                yield "members", row, "aliases", f'"{name}" stands for {owner[name.casefold()]} as well'
    for row in rows["member_names"]:
        if owner.setdefault(row["name"].casefold(), row["member_id"]) != row["member_id"]:
            yield "member_names", row, "name", f'"{row["name"]}" stands for {owner[row["name"].casefold()]} as well'
        if row["valid_from"] and row["valid_until"] < row["valid_from"]:
            yield "member_names", row, "valid_until", f"{row['valid_until']} is before {row['valid_from']}"


@law("articles", "claims")
def articles_say_what_was_seen(rows: Rows) -> Iterator[Breach]:
    """An article's key is its outlet and date; one that was read says when and by whom; an unseen one has no claims."""
    claimed = {row["article_id"] for row in rows["claims"]}
    for row in rows["articles"]:
        expected = "-".join(filter(None, [row["outlet_id"], row["published_on"]]))
        if not re.fullmatch(re.escape(expected) + r"(-[1-9]\d?)?", row["id"]):
            yield "articles", row, "id", f"is not {expected}, its outlet and date"
        if row["seen"] == "not_seen":
            if row["id"] in claimed:
                yield "articles", row, "seen", "was not seen, and has claims"
            if not row["source_id"]:
                yield "articles", row, "source_id", "is empty for an article that was not seen"
        for column in ("accessed_on", "text_sha256", "words", "chosen_for", "coded_on", "coder"):
            if row["seen"] == "full_text" and row[column] is None:
                yield "articles", row, column, "is empty for an article that was read"
        for column in ("accessed_on", "coded_on"):
            if row[column] and (row["published_on"] or "") > row[column]:
                yield "articles", row, column, f"is before the publication of {row['published_on']}"


@law("claims")
def claims_are_located(rows: Rows) -> Iterator[Breach]:
    """A claim's key is its article and position; its quote is short, and as long as its locator says."""
    for row in rows["claims"]:
        if row["id"] != f"{row['article_id']}-{row['position']:02d}":
            yield "claims", row, "id", f"is not {row['article_id']}-{row['position']:02d}, its article and position"
        if len(row["quote"].split()) > LONGEST_QUOTE:
            yield "claims", row, "quote", f"has {len(row['quote'].split())} words; a quote has at most {LONGEST_QUOTE}"
        if row["locator_end"] - row["locator_start"] != len(row["quote"]):
            length = row["locator_end"] - row["locator_start"]
            yield (
                "claims",
                row,
                "locator_end",
                f"the locator spans {length} characters, the quote has {len(row['quote'])}",
            )


@law("claims", "checks")
def claims_are_coded_by_the_book(rows: Rows) -> Iterator[Breach]:
    """Assessments fit, reasons and sources are given, and what the record answers, and nothing else, has checks."""
    checked = {row["claim_id"] for row in rows["checks"]}
    alternatives = {row["claim_id"] for row in rows["checks"] if row["alternative"]}
    for row in rows["claims"]:
        yield from _miscoded("claims", row, "claim", checked=row["id"] in checked)
        if row["checkable"] == "elsewhere" and not row["source_id"]:
            yield "claims", row, "source_id", f"is empty for a claim assessed {row['assessment']}"
        if not row["rationale"] and needs_rationale(row["assessment"], alternatives=row["id"] in alternatives):
            yield "claims", row, "rationale", "is empty where the codebook asks for one"


def needs_rationale(assessment: str, *, alternatives: bool) -> bool:
    """Whether the codebook asks for a reason: for what it calls misleading or wrong, and for readings left open."""
    return alternatives or assessment in ("incomplete", "inaccurate_elsewhere")


def _miscoded(table: str, row: Row, what: str, *, checked: bool) -> Iterator[Breach]:
    """What is wrong in any coding of a claim, the first or another, that has checks or has none."""
    checkable = row["checkable"]
    if row["assessment"] not in ASSESSMENTS[checkable]:
        yield table, row, "assessment", f"{row['assessment']} does not go with checkable {checkable}"
    if row["kind"] in ARGUED_KINDS and checkable != "no":
        yield table, row, "checkable", f"is {checkable} for a claim of kind {row['kind']}"
    if (checkable == "record") != checked:
        yield table, row, "checkable", f"is {checkable}, and the {what} {'has checks' if checked else 'has no check'}"


@law("checks")
def checks_are_numbered(rows: Rows) -> Iterator[Breach]:
    """A claim's checks are numbered from 1 without a gap, and an alternative is never alone."""
    yield from _misnumbered("checks", rows["checks"], lambda row: row["claim_id"])


@law("coding_checks")
def second_checks_are_numbered(rows: Rows) -> Iterator[Breach]:
    """So are the checks of a second coding."""
    yield from _misnumbered("coding_checks", rows["coding_checks"], lambda row: f"{row['claim_id']} {row['coder']}")


def _misnumbered(table: str, checks: list[Row], checked: Callable[[Row], str]) -> Iterator[Breach]:
    seen: Counter[str] = Counter()
    alternatives = Counter(checked(row) for row in checks if row["alternative"])
    for row in sorted(checks, key=lambda row: (checked(row), row["position"])):
        seen[checked(row)] += 1
        if row["position"] != seen[checked(row)]:
            yield table, row, "position", f"is {row['position']} where {seen[checked(row)]} comes next"
        if row["alternative"] and alternatives[checked(row)] == 1:
            yield table, row, "alternative", "is the only alternative of its claim"


@law("articles", "claims", "codings", "coding_checks")
def second_codings_are_by_the_book(rows: Rows) -> Iterator[Breach]:
    """A second coder is not the first; assessments fit; what the record answers, and nothing else, has checks."""
    coders = {row["id"]: row["coder"] for row in rows["articles"]}
    article = {row["id"]: row["article_id"] for row in rows["claims"]}
    checked = {(row["claim_id"], row["coder"]) for row in rows["coding_checks"]}
    for row in rows["codings"]:
        if row["coder"] == coders[article[row["claim_id"]]]:
            yield "codings", row, "coder", f"{row['coder']} coded the article itself"
        yield from _miscoded("codings", row, "coding", checked=(row["claim_id"], row["coder"]) in checked)


@law("corrections")
def corrections_are_keyed_by_day(rows: Rows) -> Iterator[Breach]:
    """A correction's key begins with its day."""
    for row in rows["corrections"]:
        if not row["id"].startswith(f"{row['corrected_on']}-"):
            yield "corrections", row, "id", f"does not begin with {row['corrected_on']}, its day"


@law("article_origins")
def origins_have_a_beginning(rows: Rows) -> Iterator[Breach]:
    """No article is, at any remove, its own origin."""
    yield from _circular("article_origins", rows["article_origins"], "article_id", "origin_article_id")


@law("articles", "claims", "claim_origins")
def claims_are_taken_over_from_earlier_ones(rows: Rows) -> Iterator[Breach]:
    """No claim is, at any remove, its own origin, and none is taken over from a later or from its own article."""
    published = {row["id"]: row["published_on"] for row in rows["articles"]}
    article = {row["id"]: row["article_id"] for row in rows["claims"]}
    yield from _circular("claim_origins", rows["claim_origins"], "claim_id", "origin_claim_id")
    for row in rows["claim_origins"]:
        copy, origin = article[row["claim_id"]], article[row["origin_claim_id"]]
        if copy == origin:
            yield "claim_origins", row, "origin_claim_id", f"stands in the same article, {copy}"
        shorter = min(len(published[copy] or ""), len(published[origin] or ""))
        if (published[origin] or "")[:shorter] > (published[copy] or "")[:shorter]:
            yield "claim_origins", row, "origin_claim_id", f"is of {published[origin]}, after {published[copy]}"


def _circular(table: str, links: list[Row], copy: str, origin: str) -> Iterator[Breach]:
    origins: dict[str, set[str]] = {}
    for row in links:
        origins.setdefault(row[copy], set()).add(row[origin])
    for row in links:
        reached, new = set(), {row[origin]}
        while new:
            reached |= new
            new = set().union(*(origins.get(key, set()) for key in new)) - reached
        if row[copy] in reached:
            yield table, row, origin, f"makes {row[copy]} an origin of itself"
