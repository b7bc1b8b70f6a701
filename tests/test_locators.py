"""Locators: a quote stands where its locator says, in the very text that was coded."""

import hashlib
from pathlib import Path

import pytest
import yaml
from conftest import change_row

from scripts.build import main
from scripts.locators import verify_locators
from scripts.package import Package, Row, Table, open_package
from scripts.read import read_package

TEXT = "« Côte d\u2019Ivoire » voted 😀 yes.\nAnd Algeria?\n"
PLACE = TEXT.index("Algeria")
OTHER = TEXT.replace("yes", "no")


def fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def table(name: str) -> Table:
    return Table(name, name, name, (), path=f"data/press/{name}.csv")


@pytest.fixture
def small(tmp_path: Path):
    """A project with one article of one claim, its card in seeds/, and a folder that has its text."""
    (tmp_path / "seeds").mkdir()
    (tmp_path / "texts").mkdir()
    card = {"article": "daily-2025", "file": "daily.txt", "sha256": fingerprint(TEXT)}
    (tmp_path / "seeds/daily-2025.yml").write_text(yaml.safe_dump(card), encoding="utf-8")
    (tmp_path / "texts/daily.txt").write_text(TEXT, encoding="utf-8")
    return Package(tmp_path, {}, {"articles": table("articles"), "claims": table("claims")}, {}, {}, {})


def verify(package: Package, quote="Algeria", start=PLACE, words=9) -> tuple[int, list[str]]:
    """How many texts were at hand, and the problems, for one article and one claim on lines 5 and 7."""
    article = Row(5, {"id": "daily-2025", "text_sha256": fingerprint(TEXT), "words": words})
    unseen = Row(6, {"id": "weekly", "text_sha256": None, "words": None})
    claim = {"article_id": "daily-2025", "quote": quote, "locator_start": start, "locator_end": start + len(quote)}
    rows = {"articles": [article, unseen], "claims": [Row(7, claim)]}
    count, problems = verify_locators(package, rows, package.root / "texts")
    return count, [str(problem) for problem in problems]


def test_a_quote_that_stands_where_its_locator_says_is_accepted(small):
    assert verify(small) == (1, [])


@pytest.mark.parametrize("quote", ["Côte d\u2019Ivoire »", "😀 yes", "yes.\nAnd", "Algeria?"])
def test_places_are_counted_in_characters(small, quote):
    assert verify(small, quote, TEXT.index(quote)) == (1, [])


def test_places_counted_in_bytes_are_refused(small):
    assert len(verify(small, "Algeria", TEXT.encode().index(b"Algeria"))[1]) == 1


@pytest.mark.parametrize("shift", [-1, 1, 1000])
def test_a_shifted_locator_is_refused(small, shift):
    start = PLACE + shift
    reason = f"is not what the text has from {start} to {start + 7}"
    assert verify(small, start=start) == (1, [f"data/press/claims.csv, row 7, field quote: {reason}"])


@pytest.mark.parametrize("quote", ["algeria", "Algérie", "Algerin", "Cote"])
def test_a_quote_that_is_spelt_otherwise_is_refused(small, quote):
    assert len(verify(small, quote)[1]) == 1


def test_a_wrong_text_under_the_file_name_of_a_card_is_refused(small):
    (small.root / "texts/daily.txt").write_text(OTHER, encoding="utf-8")
    assert verify(small) == (
        0,
        ["seeds/daily-2025.yml, field sha256: is not the fingerprint of the daily.txt at hand"],
    )


def test_a_text_is_known_by_its_fingerprint_whatever_its_file_is_called(small):
    (small.root / "texts/daily.txt").rename(small.root / "texts/renamed")
    assert verify(small) == (1, [])
    assert len(verify(small, start=0)[1]) == 1


def test_a_text_that_no_article_has_is_passed_over(small):
    (small.root / "texts/other.txt").write_text(OTHER, encoding="utf-8")
    assert verify(small) == (1, [])


def test_a_wrong_number_of_words_is_refused(small):
    assert verify(small, words=99) == (1, ["data/press/articles.csv, row 5, field words: is 99, the text has 9"])


def test_an_empty_folder_verifies_nothing(small):
    (small.root / "texts/daily.txt").unlink()
    assert verify(small, "not in any text", 3) == (0, [])


def test_a_missing_folder_verifies_nothing(small):
    (small.root / "texts").rename(small.root / "elsewhere")
    assert verify(small, "not in any text", 3) == (0, [])


def test_a_missing_folder_is_said_to_have_verified_nothing(built_project, capsys):
    assert main(["--validate", "--texts", "no-such-folder"], root=built_project) == 0
    assert "no article text is at hand, so no quote was verified" in capsys.readouterr().out


@pytest.fixture
def wrong_texts(project, tmp_path) -> Path:
    """A folder that has another text under the name that a shipped card gives."""
    card = yaml.safe_load((project / "seeds/tagtik-2025-06-23.yml").read_text(encoding="utf-8"))
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / card["file"]).write_text(OTHER, encoding="utf-8")
    return tmp_path / "texts"


def test_a_wrong_text_stops_the_build(project, wrong_texts, build):
    code, said = build(project, "--texts", str(wrong_texts))
    assert code == 1
    assert said.startswith("seeds/tagtik-2025-06-23.yml, field sha256: is not the fingerprint of the ")
    assert not (project / "build/site").exists()


def test_a_wrong_text_is_refused_where_the_site_is_up_to_date(built_project, wrong_texts, build):
    assert build(built_project, "--texts", str(wrong_texts))[0] == 1


def test_a_card_that_is_not_yaml_is_named(project, wrong_texts, build):
    (project / "seeds/tagtik-2025-06-23.yml").write_text("file: [\n", encoding="utf-8")
    code, said = build(project, "--texts", str(wrong_texts))
    assert code == 1
    assert said.startswith("seeds/tagtik-2025-06-23.yml")


# --- the shipped quotes, where the texts are at hand ---


def test_shipped_quotes_stand_where_their_locators_say(article_texts, built_project):
    package = open_package(built_project)
    count, problems = verify_locators(package, read_package(package)[0], article_texts)
    assert [str(problem) for problem in problems] == []
    assert count == len(list((built_project / "seeds").glob("*.yml")))


def test_a_shipped_locator_that_is_shifted_is_refused(article_texts, project, build):
    claims = project / "data/press/claims.csv"
    row = change_row(claims, "world-today-news-2025-02-13", locator_start="1594", locator_end="1636")
    code, said = build(project, "--texts", str(article_texts))
    assert code == 1
    assert f"data/press/claims.csv, row {row}, field quote: is not what the text has from 1594 to 1636" in said
    assert not (project / "build/site").exists()


def test_a_site_built_with_the_texts_is_the_one_built_without(article_texts, project, database):
    assert main(["-q", "--texts", str(article_texts)], root=project) == 0
    assert (project / "build/site/record.db").read_bytes() == database.read_bytes()
