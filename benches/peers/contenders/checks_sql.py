"""How SQL engines measure checks: one aggregate over the table for all that a row or a column says,
one more pass for each key that must be unique and for each distribution.

What differs between engines is a `Dialect`; each engine's file has its own.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from contenders.checks import Check, psi, verdict

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Dialect:
    """The functions whose names or arguments differ."""

    count_if: str  # of {0}: rows for which a condition is true
    matches: str  # {0}: column, {1}: pattern for the whole text
    stddev: str
    correlation: str
    distinct: str  # an estimate
    length: str
    quantiles: str  # {0}: column, {1}: the quantiles; gives a list
    quantile: str | None = None  # {0}: column, {1}: one quantile, where lists are not to be had


def literal(value: Any) -> str:
    if isinstance(value, datetime.date):
        return f"date '{value}'"
    return f"'{value}'" if isinstance(value, str) else str(value)


def failing(check: Check, dialect: Dialect) -> str:
    """Rows that fail a rule about rows; null is not evaluated but by the rules about null."""
    column, params = check.column, check.params
    match check.rule:
        case "not_null" | "completeness":
            return f"count(*) - count({column})"
        case "between":
            condition = f"{column} not between {literal(params['min'])} and {literal(params['max'])}"
        case "in_set":
            condition = f"{column} not in ({', '.join(map(literal, params['values']))})"
        case "regex":
            condition = "not " + dialect.matches.format(column, params["pattern"])
        case "length":
            condition = f"{dialect.length}({column}) not between {params['min']} and {params['max']}"
        case rule:
            raise ValueError(rule)
    return dialect.count_if.format(condition)


def aggregate(check: Check, dialect: Dialect) -> str | None:
    """The aggregate that measures a check, where one aggregate does."""
    match check.rule:
        case "row_count":
            return "count(*)"
        case "distinct_count":
            return f"{dialect.distinct}({check.column})"
        case "correlation":
            return f"{dialect.correlation}({', '.join(check.columns)})"
        case "statistic" if check.quantile is None:
            function = {"mean": "avg", "stddev": dialect.stddev}.get(check.params["fn"], check.params["fn"])
            return f"{function}({check.column})"
        case "statistic" if dialect.quantile:
            return dialect.quantile.format(check.column, check.quantile)
        case "unique" | "psi" | "statistic":
            return None
        case _:
            return failing(check, dialect)


def judge(checks: list[Check], table: str, dialect: Dialect, query: Callable[[str], Rows]) -> dict[str, Any]:
    """Measures the checks on a table and judges them; `query` runs a statement and gives its rows."""
    measured: dict[str, Any] = {}
    selected = ["count(*) as n"]
    for place, check in enumerate(checks):
        expression = aggregate(check, dialect)
        if expression:
            selected.append(f"{expression} as m{place}")
    sketched = quantile_lists(checks, dialect)
    selected += [
        f"{dialect.quantiles.format(column, ', '.join(str(check.quantile) for check in of))} as q{place}"
        for place, (column, of) in enumerate(sketched.items())
    ]
    (found,) = query(f"select {', '.join(selected)} from {table}")
    measured |= {check.key: found[f"m{place}"] for place, check in enumerate(checks) if f"m{place}" in found}
    for place, of in enumerate(sketched.values()):
        measured |= {check.key: value for check, value in zip(of, found[f"q{place}"])}
    for check in checks:
        if check.rule == "unique":
            measured[check.key] = extra_rows(check, table, query)
        elif check.rule == "psi":
            counted = query(f"select {check.column} as k, count(*) as n from {table} group by {check.column}")
            measured[check.key] = psi(check, {row["k"]: row["n"] for row in counted if row["k"] is not None})
    return {check.key: verdict(check, plain(measured[check.key]), found["n"]) for check in checks}


def quantile_lists(checks: list[Check], dialect: Dialect) -> dict[str, list[Check]]:
    """Checks about quantiles by column: one sketch answers all of a column."""
    lists: dict[str, list[Check]] = {}
    for check in checks:
        if check.quantile is not None and not dialect.quantile:
            lists.setdefault(check.column, []).append(check)
    return lists


def extra_rows(check: Check, table: str, query: Callable[[str], Rows]) -> int:
    """Rows beyond the first of each key."""
    keys = ", ".join(check.columns)
    repeated = f"select count(*) as c from {table} group by {keys} having count(*) > 1"
    return int(query(f"select coalesce(sum(c - 1), 0) as n from ({repeated}) as repeated")[0]["n"])


def plain(value: Any) -> Any:
    """Dates as their text, other values as they are."""
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, datetime.date) else value
