"""What a reader types into the search box, as the search of SQLite takes it: nothing that is typed may be an error.

SQLite's full-text search has a language of its own, in which a slash, a quote or the word OR mean something. Readers
type UN symbols, quotes from articles and half a word instead, so that each word is looked for as it stands, the last
also as a beginning.
"""

import re
import sqlite3
import unicodedata

from datasette import hookimpl

LONGEST_QUERY = 200
QUOTED = re.compile(r'"([^"]*)"')
QUOTE_MARKS = str.maketrans(dict.fromkeys("“”„‟«»″", '"'))
# These scripts put no space between words, so that no word can be told from the next.
UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")


@hookimpl
def prepare_connection(conn: sqlite3.Connection) -> None:
    """Give SQL the three functions that the query `search` is made with."""
    conn.create_function("search_words", 1, search_words, deterministic=True)
    conn.create_function("search_part", 1, search_part, deterministic=True)
    conn.create_function("search_name", 2, search_name, deterministic=True)


def search_words(typed: str | None) -> str | None:
    """An FTS5 expression for all words and quoted phrases that were typed; None where full-text search cannot help."""
    text = _plain(typed)
    if UNSPACED.search(text):
        return None
    phrases = [words for phrase in _phrases(text) if (words := " ".join(_words(phrase)))]
    if not phrases:
        return None
    *whole, last = [f'"{phrase}"' for phrase in phrases]
    # A number is not the beginning of another: 7 is not 74.
    beginning = f"({last} OR {last}*)" if re.search(r'[^\W\d]{2}"$|\d{3}"$', last) else last
    return " AND ".join([*whole, beginning])


def search_part(typed: str | None) -> str | None:
    """A LIKE pattern, with backslash as escape, of what was typed as a part of a text; None where nothing was typed."""
    pieces = [re.sub(r"([\\%_])", r"\\\1", piece) for piece in _plain(typed).replace('"', " ").split()]
    return f"%{'%'.join(pieces)}%" if any(map(_words, pieces)) else None


def search_name(names: str, typed: str | None) -> int:
    """2 if one of the names, divided by bars, is what was typed; 1 if a symbol ends with it (ES-11/7 typed); else 0."""
    wanted = " ".join(_words(_folded(_plain(typed))))
    if not wanted:
        return 0
    folded = [" ".join(_words(_folded(name))) for name in names.split("|")]
    if wanted in folded:
        return 2
    return int(any(map(str.isdigit, wanted)) and any(f" {name}".endswith(f" {wanted}") for name in folded))


def _plain(typed: str | None) -> str:
    """What was typed, of bearable length, with straight quotation marks and letters composed."""
    return unicodedata.normalize("NFKC", str(typed or "")[:LONGEST_QUERY]).translate(QUOTE_MARKS)


def _phrases(text: str) -> list[str]:
    """Phrases in pairs of quotation marks, and each thing between spaces."""
    quoted = QUOTED.findall(text)
    return quoted + QUOTED.sub(" ", text).split()


def _words(text: str) -> list[str]:
    """Runs of letters and digits; combining marks belong to the letter before them."""
    return "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in text).split()


def _folded(text: str) -> str:
    """A text without case and diacritics."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
