"""Days and enumerated values as a reader says them; the data keeps ISO 8601 and its own terms."""

import json
from contextlib import suppress
from datetime import datetime

from datasette import hookimpl
from jinja2 import Environment

VOTES = {"yes": "in favour", "no": "against", "abstain": "abstaining", "not_voting": "not voting"}


@hookimpl
def prepare_jinja2_environment(env: Environment) -> None:
    """The filters `day`, `vote_words`, `plain` and `from_json` for every template."""
    env.filters.update(day=day, vote_words=vote_words, plain=plain, from_json=json.loads)


def day(value: str | None) -> str:
    """`2025-02-24` as 24 February 2025, `2025-02` as February 2025, anything else as it is."""
    for form, words in (("%Y-%m-%d", "%-d %B %Y"), ("%Y-%m", "%B %Y")):
        with suppress(ValueError):
            return datetime.strptime(value or "", form).strftime(words)
    return value or ""


def vote_words(value: object) -> str:
    """A vote as the United Nations says it; anything that is no vote without its underscores."""
    return VOTES.get(str(value), plain(value))


def plain(value: object) -> str:
    """An enumerated value without its underscores."""
    return str(value).replace("_", " ")
