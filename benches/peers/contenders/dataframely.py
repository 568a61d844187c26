"""dataframely: a schema class with rules as expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contenders import frames

import dataframely as dy
import polars as pl

from contenders.checks import Check
from contenders.task import Task, answer

TYPES = {
    pl.Int32: dy.Int32,
    pl.Int64: dy.Int64,
    pl.Float64: dy.Float64,
    pl.String: dy.String,
    pl.Date: dy.Date,
}


def column(name: str, data_type: Any, asked: list[Check]) -> Any:
    """The column with what can be said in its own definition."""
    options: dict[str, Any] = {"nullable": True}
    for check in asked:
        if check.columns == (name,):
            match check.rule:
                case "not_null":
                    options["nullable"] = False
                case "between":
                    options |= {"min": check.params["min"], "max": check.params["max"]}
                case "in_set":
                    options["check"] = lambda values, wanted=check.params["values"]: values.is_in(wanted)
                case "regex":
                    options["regex"] = f"^(?:{check.params['pattern']})$"
        elif check.rule == "unique" and name in check.columns:
            options |= {"primary_key": True, "nullable": False}
    return TYPES[type(data_type)](**options)


def rule(check: Check) -> Callable[[Any], pl.Expr]:
    """A rule about the table as a whole."""
    if check.rule == "completeness":
        expression = pl.col(check.column).null_count() <= (1 - check.params["mostly"]) * pl.len()
    else:
        expression = frames.holds(check)
    return dy.rule()(lambda cls: expression)


def validate(task: Task) -> None:
    asked = frames.stated(task)
    rows = frames.load(task, asked)
    whole = [
        check for check in asked if check.rule not in ("not_null", "between", "in_set", "regex", "unique")
    ]
    members = {name: column(name, data_type, asked) for name, data_type in rows.schema.items()}
    members |= {f"rule_{place}": rule(check) for place, check in enumerate(whole)}
    with task.phase("validate"):
        type("Stated", (dy.Schema,), members).validate(rows)
    frames.all_pass(task, asked)


if __name__ == "__main__":
    answer(dict.fromkeys(("validate", "rules-16", "rules-64", "rules-226"), validate))
