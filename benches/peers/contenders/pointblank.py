"""Pointblank on Polars. It has no population stability index."""

from __future__ import annotations

from typing import Any

from contenders import frames

import pointblank as pb

from contenders.checks import Check
from contenders.task import Task, answer


def add(plan: pb.Validate, check: Check) -> pb.Validate:
    """A check as one or two steps of the plan."""
    params: dict[str, Any] = check.params
    match check.rule:
        case "not_null":
            return plan.col_vals_not_null(check.column)
        case "between":
            return plan.col_vals_between(check.column, params["min"], params["max"])
        case "in_set":
            return plan.col_vals_in_set(check.column, params["values"])
        case "regex":
            return plan.col_vals_regex(check.column, f"^(?:{params['pattern']})$")
        case "unique":
            return plan.rows_distinct(list(check.columns))
        case "row_count":
            half = (params["max"] - params["min"]) // 2
            return plan.row_count_match(params["min"] + half, tol=half)
        case "statistic" if params["fn"] == "mean":
            return plan.col_avg_ge(check.column, params["min"]).col_avg_le(check.column, params["max"])
        case "statistic" if params["fn"] == "stddev":
            return plan.col_sd_ge(check.column, params["min"]).col_sd_le(check.column, params["max"])
        case _:
            return plan.specially(lambda rows: rows.select(frames.holds(check)).item())


def validate(task: Task) -> None:
    asked = frames.stated(task)
    rows = frames.load(task, asked)
    missing = [check for check in asked if check.rule == "psi"]
    with task.phase("validate"):
        plan = pb.Validate(rows)
        for check in asked:
            if check not in missing:
                plan = add(plan, check)
        done = plan.interrogate(collect_extracts=False)
    if not done.all_passed():
        raise ValueError(f"not everything passes: {done.get_json_report()}")
    frames.all_pass(task, asked, missing)


if __name__ == "__main__":
    answer({"validate": validate})
