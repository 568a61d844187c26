"""pandera on Polars."""

from __future__ import annotations

import os

os.environ["PANDERA_VALIDATION_DEPTH"] = "SCHEMA_AND_DATA"

from contenders import frames

import pandera.polars as pa

from contenders.checks import Check
from contenders.task import Task, answer


def column_check(check: Check) -> pa.Check | None:
    """A check about the rows of a column; none for what a column's own definition says."""
    match check.rule:
        case "between":
            return pa.Check.in_range(check.params["min"], check.params["max"])
        case "in_set":
            return pa.Check.isin(check.params["values"])
        case "regex":
            return pa.Check.str_matches(f"^(?:{check.params['pattern']})$")
        case _:
            return None


def table_check(check: Check) -> pa.Check:
    """A check about the table as a whole."""
    if check.rule == "completeness":
        column = frames.pl.col(check.column)
        expression = column.null_count() <= (1 - check.params["mostly"]) * frames.pl.len()
    else:
        expression = frames.holds(check)
    return pa.Check(lambda data: data.lazyframe.select(expression.alias("ok")), name=check.key)


def validate(task: Task) -> None:
    asked = frames.stated(task)
    rows = frames.load(task, asked)
    columns = {}
    for name, data_type in rows.schema.items():
        of = [check for check in asked if check.columns == (name,)]
        nullable = not any(check.rule == "not_null" for check in of)
        row_checks = [made for check in of if (made := column_check(check))]
        columns[name] = pa.Column(data_type, checks=row_checks, nullable=nullable)
    unique = [list(check.columns) for check in asked if check.rule == "unique"]
    by_row = ("not_null", "between", "in_set", "regex", "unique")
    whole = [table_check(check) for check in asked if check.rule not in by_row]
    with task.phase("validate"):
        pa.DataFrameSchema(columns, checks=whole, unique=unique[0] if unique else None).validate(
            rows, lazy=True
        )
    frames.all_pass(task, asked)


if __name__ == "__main__":
    answer(dict.fromkeys(("validate", "rules-16", "rules-64", "rules-226"), validate))
