"""The job that footers can answer, for contenders that read nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contenders import checks
from contenders.checks_sql import plain
from contenders.task import Task


@dataclass
class Known:
    """What footers say of a column."""

    nulls: int = 0
    min: Any = None
    max: Any = None

    def add(self, nulls: int, least: Any, most: Any) -> None:
        """Takes in a column chunk."""
        self.nulls += nulls
        self.min = least if self.min is None else min(self.min, least)
        self.max = most if self.max is None else max(self.max, most)


def judge(task: Task, rows: int, known: dict[str, Known]) -> None:
    """Answers the checks of the job from what is known of its columns."""
    for check in checks.load(task.pipeline, task.vars)["lineitem"]:
        match check.rule:
            case "row_count":
                value = rows
            case "completeness":
                value = known[check.column].nulls
            case "statistic":
                value = plain(getattr(known[check.column], check.params["fn"]))
            case rule:
                raise ValueError(rule)
        task.checks[check.key] = checks.verdict(check, value, rows)


def columns(task: Task) -> list[str]:
    """The columns asked about."""
    stated = checks.load(task.pipeline, task.vars)["lineitem"]
    return list(dict.fromkeys(check.column for check in stated if check.columns))
