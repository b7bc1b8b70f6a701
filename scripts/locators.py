"""Verify that each claim's quote stands where its locator says, in the article texts that are at hand.

The texts are their publishers' and are not part of the project; a folder that holds them is named by a setting. They
are told apart by fingerprint, so that a wrong text is refused rather than silently matched. Nothing here changes what
is built.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from scripts.package import Package, Row, Rows, read_yaml
from scripts.problems import Problem


def verify_locators(package: Package, rows: Rows, folder: Path) -> tuple[int, list[Problem]]:
    """Compare quotes with the texts in `folder`; returns how many articles' texts were at hand, and every mismatch.

    A text is matched to its article by SHA-256. A file that a card in seeds/ names with another fingerprint is a
    mismatch.
    """
    if not folder.is_dir():
        return 0, []
    contents = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
    texts = {hashlib.sha256(content).hexdigest(): content for content in contents.values()}
    articles = {row["id"]: row for row in rows["articles"] if row["text_sha256"] in texts}
    problems = list(_wrong_texts(package, contents))
    for claim in rows["claims"]:
        if claim["article_id"] in articles:
            text = texts[articles[claim["article_id"]]["text_sha256"]].decode("utf-8")
            problems += _misplaced(package, claim, text)
    for row in articles.values():
        words = len(texts[row["text_sha256"]].decode("utf-8").split())
        if row["words"] != words:
            problems.append(
                Problem(
                    package.tables["articles"].path or "",
                    row.number,
                    "words",
                    f"is {row['words']}, the text has {words}",
                )
            )
    return len(articles), problems


def _misplaced(package: Package, claim: Row, text: str) -> Iterator[Problem]:
    there = text[claim["locator_start"] : claim["locator_end"]]
    if there != claim["quote"]:
        reason = f"is not what the text has from {claim['locator_start']} to {claim['locator_end']}"
        yield Problem(package.tables["claims"].path or "", claim.number, "quote", reason)


def _wrong_texts(package: Package, contents: dict[str, bytes]) -> Iterator[Problem]:
    for path in sorted((package.root / "seeds").glob("*.yml")):
        card = read_yaml(package.root, f"seeds/{path.name}")
        content = contents.get(card.get("file", ""))
        if content is not None and hashlib.sha256(content).hexdigest() != card.get("sha256"):
            yield Problem(f"seeds/{path.name}", None, "sha256", f"is not the fingerprint of the {card['file']} at hand")
