"""Portable patterns: a regular expression of a schema, said so that DuckDB reads it as Python does, where that can be.

Python's `re` and DuckDB's RE2 agree on a part of their languages, and on that part only: `\\d`, `\\w` and `\\s` are
ASCII to one and Unicode to the other, and look-arounds, back references and possessive quantifiers are Python's alone.
"""

import re

# What str.isspace says, as one character class.
BLANKS = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680"
    + "".join(map(chr, range(0x2000, 0x200B)))
    + ("\u2028\u2029\u202f\u205f\u3000")
)
_TOKEN = re.compile(
    r"""
    (?P<nonspace> \\S )
    | (?: [^\\\[\](){}.*+?^$|] | \\[!-/:-@\[-`{-~] | \. | \| | \)
        | \( (?: \?: | (?!\?) )
        | \[ \^? (?: [^\\\[\]^] | \\[!-/:-@\[-`{-~] )+ \]
      )
    """,
    re.VERBOSE,
)
_REPEAT = re.compile(r"(?: [*+?] | \{ [0-9]{1,3} (?: , [0-9]{0,3} )? \} ) \?? (?! [*+?{] )", re.VERBOSE)


def portable(pattern: str) -> str | None:
    """The pattern of a whole cell for RE2, or None where the two could read it otherwise.

    Frictionless puts `^` before it and `$` behind it without brackets around it, so that in `a|b` each belongs to one
    alternative; and Python's `$` also stands before a line feed at the end.
    """
    parts: list[str] = []
    position = 0
    while position < len(pattern):
        token = _TOKEN.match(pattern, position)
        if not token:
            return None
        parts.append(f"[^{BLANKS}]" if token["nonspace"] else token[0])
        position = token.end()
        if token[0][0] not in "(|" and (repeat := _REPEAT.match(pattern, position)):
            parts.append(repeat[0])
            position = repeat.end()
    return rf"\A(?:{''.join(parts)}\n?\z)"
