"""Derive: how far members agree and how blocs voted, by year, from every vote as a matrix of members by roll calls."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
from numpy.typing import NDArray

NO, YES, ABSTAIN, NOT_VOTING = range(4)
NO_ROW = -1
WORD = 64
BODIES = ("GA", "SC")

BlocYear = tuple[str, str, int, int, int, int, int, int, float | None, float | None]


@dataclass(frozen=True)
class Ballots:
    """Every vote as a matrix, a row a member by its number and a column a roll call; NO_ROW where a member has no row.

    `bodies` (0 for GA, 1 for SC), `years` and `days` (proleptic ordinals) are of the columns; `cast` has the same votes
    as rows: the roll call's number, the member's and the vote.
    """

    cast: NDArray[np.int32]
    votes: NDArray[np.int8]
    bodies: NDArray[np.int8]
    years: NDArray[np.int32]
    days: NDArray[np.int32]

    def periods(self) -> Iterator[tuple[int, int, NDArray[np.bool_]]]:
        """Body, year and which columns are of both, for each year in which the body has a roll call."""
        for body in range(len(BODIES)):
            for year in np.unique(self.years[self.bodies == body]):
                yield body, int(year), (self.bodies == body) & (self.years == year)


def read_ballots(connection: duckdb.DuckDBPyConnection) -> Ballots:
    """The relations `votes` and `roll_calls` as matrices."""
    roll_calls = connection.execute(
        "select id, body, voting_year, voted_on::date - date '0001-01-01' + 1 as day from roll_calls order by id"
    ).fetchnumpy()
    found = connection.execute("select roll_call_id, member_id, vote_id from votes order by all").fetchnumpy()
    cast = np.stack([found[name] for name in ("roll_call_id", "member_id", "vote_id")], 1).astype(np.int32)
    votes = np.full((int(cast[:, 1].max(initial=0)) + 1, len(roll_calls["id"])), NO_ROW, np.int8)
    votes[cast[:, 1], np.searchsorted(roll_calls["id"], cast[:, 0])] = cast[:, 2]
    return Ballots(
        cast,
        votes,
        np.array([BODIES.index(body) for body in roll_calls["body"]], np.int8),
        roll_calls["voting_year"].astype(np.int32),
        roll_calls["day"].astype(np.int32),
    )


def pair_agreements(ballots: Ballots, body: str) -> NDArray[np.int32]:
    """How often two members voted alike in a body: a row a pair and year with a roll call in which both voted.

    Columns: member_a, member_b, year, compared, same, opposite; in the order of the first three.
    """
    parts = [_pairs_of(ballots.votes[:, columns], year) for b, year, columns in ballots.periods() if BODIES[b] == body]
    pairs = np.concatenate([np.empty((0, 6), np.int32), *parts])
    # One number sorts ten times as fast as three.
    members, years = (int(pairs[:, column].max(initial=0)) + 1 for column in (1, 2))
    return pairs[
        np.argsort((pairs[:, 0].astype(np.int64) * members + pairs[:, 1]) * years + pairs[:, 2], kind="stable")
    ]


def _pairs_of(votes: NDArray[np.int8], year: int) -> NDArray[np.int32]:
    present = np.flatnonzero((votes != NO_ROW).any(1))
    no, yes, abstained = (_as_bits(votes[present] == kind) for kind in (NO, YES, ABSTAIN))
    voted = no | yes | abstained
    compared = np.triu(_shared(voted, voted), 1)
    a, b = np.nonzero(compared)
    same = _shared(no, no) + _shared(yes, yes) + _shared(abstained, abstained)
    opposite = _shared(no, yes)
    counts = (compared[a, b], same[a, b], opposite[a, b] + opposite[b, a])
    return np.stack([present[a], present[b], np.full(len(a), year), *counts], 1).astype(np.int32)


def _as_bits(cast: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """The roll calls on which a member cast a vote as bits of words: a row a member."""
    words = -(-cast.shape[1] // WORD)
    padded = np.zeros((len(cast), words * WORD), bool)
    padded[:, : cast.shape[1]] = cast
    return np.packbits(padded, axis=1).view(np.uint64)


def _shared(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> NDArray[np.int32]:
    """On how many roll calls each member of one and each of the other have a bit."""
    return np.bitwise_count(one[:, None] & other[None]).sum(2, dtype=np.int32)


def bloc_years(connection: duckdb.DuckDBPyConnection, ballots: Ballots) -> list[BlocYear]:
    """How blocs voted by year, in the columns and the order of the table bloc_years, from `bloc_memberships`."""
    memberships = connection.execute(
        "select bloc_id, member_id, valid_from, valid_until from bloc_memberships order by bloc_id"
    ).fetchall()
    rows = []
    for bloc in sorted({row[0] for row in memberships}):
        terms = [row[1:] for row in memberships if row[0] == bloc]
        members = sorted({member for member, *_ in terms if member < len(ballots.votes)})
        belongs = _belonging(ballots, terms)[members]
        counted = [((ballots.votes[members] == kind) & belongs).sum(0) for kind in (YES, NO, ABSTAIN, NOT_VOTING)]
        for body, year, columns in ballots.periods():
            rows += _bloc_year(bloc, BODIES[body], year, *(counts[columns] for counts in counted))
    return rows


def _belonging(ballots: Ballots, terms: list[tuple[int, str, str | None]]) -> NDArray[np.bool_]:
    """Which member belonged on the day of which roll call."""
    belongs = np.zeros(ballots.votes.shape, bool)
    for member, first, last in terms:
        if member < len(belongs):
            until = date.fromisoformat(last).toordinal() if last else ballots.days.max(initial=0)
            belongs[member] |= (ballots.days >= date.fromisoformat(first).toordinal()) & (ballots.days <= until)
    return belongs


def _bloc_year(bloc: str, body: str, year: int, *counted: NDArray[np.int64]) -> list[BlocYear]:
    """The row of a bloc, body and year from its votes on each roll call; none where no member of it could vote.

    `counted` has those in favour, against, abstaining and not voting.
    """
    yes, no, abstained, absent = counted
    roll_calls = int((yes + no + abstained + absent > 0).sum())
    if not roll_calls:
        return []
    voting, largest = yes + no + abstained, np.maximum(np.maximum(yes, no), abstained)
    rice, attina = _mean(abs(yes - no), yes + no), _mean(2 * largest - voting, voting)
    in_favour, against, abstaining, not_voting = (int(kind.sum()) for kind in counted)
    return [(bloc, body, year, roll_calls, in_favour, against, abstaining, not_voting, rice, attina)]


def _mean(parts: NDArray[np.int64], wholes: NDArray[np.int64]) -> float | None:
    """The mean of parts divided by wholes, where a whole is not 0; None where all are."""
    some = wholes > 0
    return round(float((parts[some] / wholes[some]).mean()), 4) if some.any() else None
