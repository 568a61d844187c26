"""What validators on Polars frames share: they load the columns that the checks need, and no others,
and answer with verdicts but no figures."""

from __future__ import annotations

import json
import os
import sys
from itertools import pairwise
from pathlib import Path

TASK = json.loads(Path(sys.argv[1]).read_text())
os.environ["POLARS_MAX_THREADS"] = str(TASK["threads"])  # read once, when Polars is loaded

import polars as pl  # noqa: E402

from contenders import checks, checks_polars  # noqa: E402
from contenders.checks import Check  # noqa: E402
from contenders.task import Task  # noqa: E402


def stated(task: Task) -> list[Check]:
    """The checks of the job, all on one table."""
    (found,) = (of for of in checks.load(task.pipeline, task.vars).values() if of)
    return found


def folder(task: Task) -> str:
    return f"{task.data}/{'detail' if task.job == 'validate' else 'wide'}"


def load(task: Task, asked: list[Check]) -> pl.DataFrame:
    with task.phase("load"):
        columns = sorted({column for check in asked for column in check.columns})
        return (
            pl.scan_parquet(folder(task), hive_partitioning=True).select(columns).collect(engine="streaming")
        )


def holds(check: Check) -> pl.Expr:
    """A check on a whole column as one expression that is true or false."""
    if check.rule == "psi":
        return drift(check) <= check.params["fail"]
    if check.rule == "correlation":
        figure = pl.corr(*check.columns)
    else:
        (figure,) = checks_polars.aggregates(check)
    low, high = check.params.get("min"), check.params.get("max")
    bounds = [figure >= low] * (low is not None) + [figure <= high] * (high is not None)
    return pl.all_horizontal(*bounds)


def drift(check: Check) -> pl.Expr:
    """The population stability index, without smoothing, for bins of one width and one share."""
    edges, shares = check.params["bins"], check.params["reference"]
    width, expected = edges[1] - edges[0], shares[0]
    if set(shares) != {expected} or any(high - low != width for low, high in pairwise(edges)):
        raise ValueError("bins of one width and one share are expected")
    share = (
        ((pl.col(check.column) - edges[0]) // width).value_counts(normalize=True).struct.field("proportion")
    )
    return ((share - expected) * (share / expected).log()).sum()


def all_pass(task: Task, asked: list[Check], missing: list[Check] = ()) -> None:
    """Answers that everything asked passes, but for checks the tool does not have."""
    task.missing = [check.key for check in missing]
    task.checks = {check.key: {"ok": True, "value": None} for check in asked if check not in missing}
