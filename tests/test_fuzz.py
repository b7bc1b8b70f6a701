"""Fuzz: two mutants of every rule, the same on every run; `make fuzz` draws ten thousand."""

import pytest
from fuzz import Workbench, fault, hold
from mutants import RULES, Mutant, Place

from scripts.build import main
from scripts.problems import Problem

OF_EACH_RULE = 2


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return Workbench(tmp_path_factory.mktemp("small") / "record")


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.name) for rule in RULES])
def test_every_mutant_that_breaks_a_rule_is_refused_where_it_is_wrong_and_no_other(bench, rule):
    assert hold(bench, rule, OF_EACH_RULE, start=0).failure is None


def test_the_small_record_builds_whole(bench):
    assert main(["-q"], root=bench.root) == 0


def test_what_is_taken_wrongly_is_seen():
    breaking, harmless = Mutant({}, (Place("a.csv", 2, "b"),), "is wrong"), Mutant({})
    right, elsewhere = Problem("a.csv", 2, "b", "is wrong"), Problem("a.csv", 3, "b", "is wrong")
    assert fault(breaking, "law", [right]) is None
    assert fault(harmless, "nobody", []) is None
    assert "passes" in fault(breaking, "nobody", [])
    assert "refused elsewhere" in fault(breaking, "law", [elsewhere])
    assert "refused elsewhere" in fault(breaking, "law", [Problem("a.csv", 2, "b", "is odd")])
    assert "harmless" in fault(harmless, "law", [right])
