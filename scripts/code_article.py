"""Code an article: claim after claim, with the place of each quote found and each check run on the spot.

    python -m scripts.code_article TEXT [--coder NAME]

TEXT is a file in UTF-8 with the article's text, which stays where it is. A question is answered with ? to see what is
allowed. What has been answered is kept in build/coding/ after every claim: whoever is interrupted, or types stop, goes
on where they left off. At the end the rows are put into the tables of data/press, tidy, if they break no rule; if they
do, the tables stay as they were. Needs a built site, against which the checks are run.
"""

import argparse
import hashlib
import json
import re
import sqlite3
import sys
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from scripts.build import ROOT
from scripts.check import RELATIONS, CheckError, answer, is_date, read_only, verdict
from scripts.laws import ARGUED_KINDS, ASSESSMENTS, LONGEST_QUOTE, needs_rationale
from scripts.package import Row
from scripts.problems import BadDataError, Problem
from scripts.queries import DATABASE, Query, read_metadata, read_queries
from scripts.read import CANONICAL, read_package, read_whole
from scripts.tidy import canonical
from scripts.together import changing
from scripts.validate import validate

# Up to a full stop with white space behind it, to a full-width one, or to the end of the line.
SENTENCE = re.compile(
    r"""\S[^\n]*?(?:[.!?\u2026]+["\u201d\xbb)\]]*(?=\s|$)|[\u3002\uff01\uff1f]+["\u201d\u300d]*|$)""", re.MULTILINE
)
LONGEST_QUOTE_CHARACTERS = 160
TABLES = ("outlets", "articles", "claims", "checks")
Ask = Callable[[str], str]
Say = Callable[[str], None]
Cells = dict[str, Any]


def fingerprint(text: str) -> str:
    """The SHA-256 of a text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


class StopCodingError(Exception):
    """The coder stops here; what is answered so far is kept."""


@dataclass(frozen=True)
class Sentence:
    """A sentence of the text: its number from 1, the place of its first character, and its words."""

    number: int
    start: int
    words: str


def sentences(text: str) -> list[Sentence]:
    """The text cut into sentences, roughly; a line's end ends a sentence too."""
    found = [(match.start(), match[0].strip()) for match in SENTENCE.finditer(text)]
    return [Sentence(number, start, words) for number, (start, words) in enumerate(found, 1)]


def locate(text: str, sentence: Sentence, quote: str) -> tuple[int, int]:
    """Where a quote stands, looked for from the sentence on; ValueError says what is wrong with it."""
    if not quote or quote != quote.strip():
        raise ValueError("a quote is some words, without blanks at its ends")
    if len(quote.split()) > LONGEST_QUOTE or len(quote) > LONGEST_QUOTE_CHARACTERS:
        most = f"{LONGEST_QUOTE} words and {LONGEST_QUOTE_CHARACTERS} characters"
        raise ValueError(f"it is too long; a quote has at most {most}")
    if not CANONICAL["string"](quote):
        raise ValueError("a spreadsheet would run it as a formula; begin it with another word")
    # It begins in the sentence and may end after it: the full stop of an abbreviation ends no sentence to a reader.
    start = text.find(quote, sentence.start)
    if not sentence.start <= start < sentence.start + len(sentence.words):
        raise ValueError(f"it does not begin in sentence {sentence.number} so, letter for letter")
    return start, start + len(quote)


def slug(name: str) -> str:
    """A key made of a name: small letters and digits, hyphens between; nothing of a name in another script."""
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def article_key(outlet: str, published_on: str, taken: set[str]) -> str:
    """The key of an article: its outlet and date, and a number if another has that already."""
    key = "-".join(part for part in (outlet, published_on) if part)
    number = 2
    while key in taken:
        key = "-".join(part for part in (outlet, published_on, str(number)) if part)
        number += 1
    return key


@dataclass
class Draft:
    """What has been answered so far, kept in a file under the fingerprint of the text."""

    path: Path
    outlet: Cells = field(default_factory=dict)
    article: Cells = field(default_factory=dict)
    claims: list[Cells] = field(default_factory=list)

    @classmethod
    def open(cls, folder: Path, fingerprint: str) -> "Draft":
        """The draft of this text, empty if there is none yet; ValueError if the file is no draft."""
        path = folder / f"{fingerprint[:16]}.json"
        kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        kinds = {"outlet": dict, "article": dict, "claims": list}
        if not isinstance(kept, dict) or not all(isinstance(kept[name], kinds.get(name, ())) for name in kept):
            raise ValueError(f"{path.name} is no draft")
        return cls(path, **kept)

    def keep(self) -> None:
        """Write the draft in one step."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        content = {"outlet": self.outlet, "article": self.article, "claims": self.claims}
        temporary = self.path.with_suffix(".new")
        temporary.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
        temporary.replace(self.path)


class Coder:
    """One coding session: asks, looks up, runs checks, and fills the draft."""

    def __init__(self, root: Path, text: str, draft: Draft, ask: Ask, say: Say) -> None:
        self.root, self.text, self.draft, self._ask, self.say = root, text, draft, ask, say
        self.package, self.rows = read_whole(root)
        self.predicates: dict[str, Query] = {
            name: query for name, query in read_queries(read_metadata(root)).items() if query.answer
        }
        self.database: sqlite3.Connection = read_only(root / f"build/site/{DATABASE}.db")
        self.sentences = sentences(text)
        if not self.sentences:
            raise ValueError("it has no words")
        coded = next((row["id"] for row in self.rows["articles"] if row["text_sha256"] == fingerprint(text)), None)
        if coded:
            raise ValueError(f"this text is coded already, as {coded}")

    def ask(self, question: str, allowed: list[str] | None = None, *, needed: bool = True) -> str:
        """An answer, asked for until it is one that is allowed; ? shows what is, stop stops."""
        while True:
            given = self._ask(f"{question}: ").strip()
            if given == "stop":
                raise StopCodingError
            if given == "?":
                self.say(", ".join(allowed) if allowed else "Any text." if needed else "Any text, or nothing.")
            elif not given and needed:
                self.say("This cannot be empty.")
            elif given and allowed and given not in allowed:
                self.say(f"Not one of: {', '.join(allowed)}")
            else:
                return given

    def ask_column(self, dotted: str, question: str, allowed: list[str] | None = None, *, needed: bool = False) -> str:
        """An answer that the column's schema allows, and that is there where it is needed."""
        column = self.package.field(dotted)
        while True:
            given = self.ask(question, allowed or column.constraints.get("enum"), needed=needed or column.required)
            pattern, longest = column.constraints.get("pattern"), column.constraints.get("maxLength", len(given))
            if given and pattern and not re.fullmatch(pattern, given):
                self.say(f"Not of the right form. {column.description}")
            elif len(given) > longest:
                self.say(f"Longer than {longest} characters.")
            elif not CANONICAL["string"](given):
                self.say("A spreadsheet would run this as a formula; begin with another word.")
            elif dotted == "articles.published_on" and len(given) == len("2025-02-24") and not is_date(given):
                self.say("There is no such day.")
            else:
                return given

    def code_article(self, coder: str) -> None:
        """Ask what the article is, unless that is answered already."""
        if self.draft.article:
            return
        known = {row["id"]: row for row in self.rows["outlets"]}
        name = self.ask_column("outlets.name", "Outlet (its key, or its name)")
        named = {row["name"]: row["id"] for row in self.rows["outlets"]}
        outlet = name if name in known else named.get(name, "")
        described: Cells = {}
        if not outlet:
            outlet = slug(name)
            while not outlet or outlet in known:
                self.say(f"{outlet} is the key of another outlet." if outlet else "The name makes no key.")
                outlet = self.ask_column("outlets.id", "A key for this outlet, in Latin letters")
            described = {"id": outlet, "name": name}
            for column in ("kind", "country_id", "language", "domain"):
                members = [row["id"] for row in self.rows["members"]] if column == "country_id" else None
                described[column] = self.ask_column(f"outlets.{column}", f"The outlet's {column}", members)
        cells = {"outlet_id": outlet}
        for column in ("title", "author", "published_on", "language", "url", "seen", "chosen_for"):
            cells[column] = self.ask_column(f"articles.{column}", column, needed=column == "chosen_for")
        taken = {row["id"] for row in self.rows["articles"]}
        self.draft.outlet = described
        self.draft.article = {"id": article_key(outlet, cells["published_on"], taken), **cells, "coder": coder}
        self.draft.keep()

    def code_claims(self) -> None:
        """Take claim after claim until the number of a sentence is left empty."""
        for sentence in self.sentences:
            self.say(f"[{sentence.number}] {sentence.words}")
        while True:
            self.say(f"{len(self.draft.claims)} claims so far.")
            numbers = [str(sentence.number) for sentence in self.sentences]
            number = self.ask("Sentence of the next claim (nothing to finish)", numbers, needed=False)
            if not number:
                return
            self.draft.claims.append(self.code_claim(self.sentences[int(number) - 1]))
            self.draft.keep()

    def code_claim(self, sentence: Sentence) -> Cells:
        """One claim with its checks."""
        quote, start, end = self._ask_quote(sentence)
        cells: Cells = {"quote": quote, "locator_start": start, "locator_end": end}
        cells["claim"] = self.ask_column("claims.claim", "The claim, in your own words")
        cells["kind"] = self.ask_column("claims.kind", "kind")
        cells["said_by"] = self.ask_column("claims.said_by", "said_by")
        cells["credited_to"] = self.ask("credited_to", [row["id"] for row in self.rows["outlets"]], needed=False)
        argued = cells["kind"] in ARGUED_KINDS
        cells["checkable"] = "no" if argued else self.ask_column("claims.checkable", "checkable")
        cells["checks"] = self._ask_checks() if cells["checkable"] == "record" else []
        allowed = sorted(ASSESSMENTS[cells["checkable"]])
        cells["assessment"] = (
            allowed[0] if len(allowed) == 1 else self.ask_column("claims.assessment", "assessment", allowed)
        )
        alternatives = any(check["alternative"] for check in cells["checks"])
        needed = needs_rationale(cells["assessment"], alternatives=alternatives)
        cells["rationale"] = self.ask_column("claims.rationale", "rationale", needed=needed)
        sources = [row["id"] for row in self.rows["sources"]]
        elsewhere = cells["checkable"] == "elsewhere"
        cells["source_id"] = self.ask("source_id", sources) if elsewhere else ""
        pairs = [(check["agrees"], bool(check["alternative"])) for check in cells["checks"]]
        self.say(f"Verdict: {verdict(cells['kind'], cells['assessment'], pairs) or 'none'}")
        return cells

    def _ask_quote(self, sentence: Sentence) -> tuple[str, int, int]:
        while True:
            quote = self.ask("Quote, as it stands there")
            try:
                return quote, *locate(self.text, sentence, quote)
            except ValueError as error:
                self.say(f"Not taken: {error}.")

    def _ask_checks(self) -> list[Cells]:
        """Checks until the predicate is left empty; each is run, and kept if the coder says so."""
        checks: list[Cells] = []
        for name, query in self.predicates.items():
            self.say(f"  {name}({', '.join(query.parameters)})")
        while True:
            alone = sum(check["alternative"] for check in checks) == 1
            name = self.ask("Predicate (nothing to go on)", list(self.predicates), needed=not checks or alone)
            if not name:
                return checks
            query = self.predicates[name]
            params = {parameter: self._ask_parameter(query, parameter) for parameter in query.parameters}
            assert query.answer
            relation = self.ask("relation", sorted(RELATIONS[query.answer["type"]]))
            cells: Cells = {
                "query_name": name,
                "params": json.dumps(params, ensure_ascii=False),
                "relation": relation,
                "stated": self.ask("stated", query.answer.get("enum") if relation in ("is", "is_not") else None),
                "alternative": int(self.ask("One of several readings?", ["yes", "no"]) == "yes"),
            }
            try:
                found, agrees, _ = answer(self.database, self.package, Row(0, cells), self.predicates)
            except CheckError as error:
                self.say(f"Cannot be asked: {error.field}: {error}.")
                continue
            self.say(f"The record: {found if found is not None else 'not known'}. Agrees: {agrees}.")
            if self.ask("Keep this check?", ["yes", "no"]) == "yes":
                checks.append({**cells, "agrees": agrees})

    def _ask_parameter(self, query: Query, parameter: str) -> str:
        rule = query.parameters[parameter]
        if "enumeration" in rule:
            return self.ask(parameter, self.package.field(rule["enumeration"]).constraints["enum"])
        if "table" in rule:
            table = self.package.tables[rule["table"]]
            keys = self.database.execute(f"select {table.primary_key[0]} from {table.name} order by 1")  # noqa: S608
            return self.ask(parameter, [key for (key,) in keys])
        return self.ask(f"{parameter} (a {rule['form']}, such as 2025-02-24)")

    def new_rows(self) -> Iterator[tuple[str, Cells]]:
        """Every row that the draft makes, with its table."""
        today = date.today().isoformat()
        article = self.draft.article
        if self.draft.outlet:
            yield "outlets", self.draft.outlet
        yield (
            "articles",
            {
                **article,
                "accessed_on": today,
                "text_sha256": fingerprint(self.text),
                "words": len(self.text.split()),
                "coded_on": today,
            },
        )
        for position, claim in enumerate(self.draft.claims, 1):
            key = f"{article['id']}-{position:02d}"
            yield "claims", {**claim, "id": key, "article_id": article["id"], "position": position}
            for number, check in enumerate(claim["checks"], 1):
                yield "checks", {**check, "claim_id": key, "position": number}

    def write(self) -> list[Problem]:
        """Put the rows into the tables; returns what is wrong with them, and then nothing is changed."""
        # The tables may have changed while the coder worked.
        present, problems = read_package(self.package)
        if problems:
            return problems
        added: dict[str, list[Row]] = {name: list(present[name]) for name in TABLES}
        for name, cells in self.new_rows():
            columns = [column.name for column in self.package.tables[name].typed_fields]
            values = {column: cells.get(column) if cells.get(column) != "" else None for column in columns}
            added[name].append(Row(len(added[name]) + 2, values))
        paths = {name: self.root / str(self.package.tables[name].path) for name in TABLES}
        before = {name: path.read_bytes() for name, path in paths.items()}
        sound = False
        try:
            for name, path in paths.items():
                path.write_bytes(canonical(self.package.tables[name], added[name]))
            rows, problems = read_package(self.package)
            problems += validate(self.package, rows)
            sound = not problems
        finally:
            if not sound:
                for name, path in paths.items():
                    path.write_bytes(before[name])
        return problems


def main(arguments: list[str] | None = None, root: Path = ROOT, ask: Ask = input, say: Say = print) -> int:
    """Run the command line; returns 0 when the rows are written or the draft is kept, 1 when they break a rule."""
    parser = argparse.ArgumentParser(prog="code_article", description="Code an article, claim after claim.")
    parser.add_argument("text", type=Path, metavar="TEXT", help="the article's text, UTF-8")
    parser.add_argument("--coder", default="coder", help="who codes, by initials or role")
    options = parser.parse_args(arguments)
    try:
        text = options.text.read_bytes().decode("utf-8")
        draft = Draft.open(root / "build/coding", fingerprint(text))
        coder = Coder(root, text, draft, ask, say)
    except (OSError, ValueError, sqlite3.Error, BadDataError) as error:
        print(f"{options.text.name} cannot be coded: {error}", file=sys.stderr)
        return 2
    try:
        coder.code_article(options.coder)
        coder.code_claims()
    except (StopCodingError, EOFError, KeyboardInterrupt):
        say(f"\nKept: {len(draft.claims)} claims. The same command goes on from here.")
        return 0
    with changing(root):
        problems = coder.write()
    if problems:
        print(*problems, "Nothing was written; the draft is kept.", sep="\n", file=sys.stderr)
        return 1
    draft.path.unlink()
    say(f"{draft.article['id']}: {len(draft.claims)} claims are in data/press. Now run make build.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
