"""Reliability: how far a second coder, who saw nothing of the first coding, comes to the same values."""

import krippendorff
import sqlite_utils

from scripts.load import insert
from scripts.package import Package, Value

VARIABLES = ("kind", "checkable", "verdict")
Pair = tuple[str, str]


def write_reliability(database: sqlite_utils.Database, package: Package) -> int:
    """Fill the reliability table, a row a variable; returns how many claims were coded twice."""
    pairs: dict[str, list[Pair]] = {variable: [] for variable in VARIABLES}
    for row in database.query("select variable, first_value, second_value from coded_twice"):
        pairs[row["variable"]].append((row["first_value"], row["second_value"]))
    insert(database, package.derived["reliability"], (measure(variable, pairs[variable]) for variable in VARIABLES))
    return len(pairs["kind"])


def measure(variable: str, pairs: list[Pair]) -> dict[str, Value]:
    """Agreement on one nominal variable, and Krippendorff's alpha, which is None where all values are one."""
    agreeing = sum(first == second for first, second in pairs)
    values = sorted({value for pair in pairs for value in pair})
    alpha = None
    if len(values) > 1:
        coded = [[values.index(pair[coder]) for pair in pairs] for coder in (0, 1)]
        alpha = round(float(krippendorff.alpha(reliability_data=coded, level_of_measurement="nominal")), 4)
    share = round(agreeing / len(pairs), 4)
    return {
        "variable": variable,
        "claims": len(pairs),
        "agreeing": agreeing,
        "observed_agreement": share,
        "alpha": alpha,
    }
