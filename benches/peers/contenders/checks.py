"""The checks of a job, read from Lockgate's pipeline file, so that every contender applies the same.

Knows the rules that the pipelines here use and refuses others. How a check is measured is each
engine's business (`checks_sql`, `checks_polars`, the validators); how a measured figure is judged is
said here once.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROW_RULES = ("not_null", "completeness", "between", "in_set", "regex", "length")
PSI_SMOOTHING = 0.5


@dataclass(frozen=True)
class Check:
    """One rule on one column, or on the table as a whole."""

    on: str  # the source or table
    rule: str
    columns: tuple[str, ...]
    params: dict[str, Any]
    key: str  # the same for every contender

    @property
    def column(self) -> str:
        return self.columns[0]

    @property
    def quantile(self) -> float | None:
        """Which quantile the check is about, if it is about one."""
        if self.rule != "statistic":
            return None
        return {"median": 0.5, "quantile": self.params.get("q")}.get(self.params["fn"])


def load(pipeline: str, variables: dict[str, str]) -> dict[str, list[Check]]:
    """The checks of a pipeline file by the source or table they are on."""
    text = Path(pipeline).read_text()
    # By itself: before variables are filled in, the rest is no YAML that PyYAML reads.
    (stated,) = re.findall(r"^vars:\n(?: .*\n)*", text, re.MULTILINE)
    known = {name: str(value) for name, value in yaml.safe_load(stated)["vars"].items()} | variables
    document = yaml.safe_load(re.sub(r"\$\{(\w+)\}", lambda match: known[match[1]], text))
    nodes = (document.get("sources") or {}) | (document.get("tables") or {})
    return {name: read(name, node.get("checks") or []) for name, node in nodes.items()}


def read(on: str, stated: list[dict[str, Any]]) -> list[Check]:
    checks: list[Check] = []
    seen: dict[str, int] = {}
    for entry in stated:
        ((rule, params),) = entry.items()
        for columns, rest in expand(rule, params):
            key = nth(seen, f"{on}.{rule}({', '.join(columns)})")
            checks.append(Check(on, rule, columns, rest, key))
    return checks


def expand(rule: str, params: Any) -> list[tuple[tuple[str, ...], dict[str, Any]]]:
    """A rule about single columns that names several is as many checks."""
    if not isinstance(params, dict):
        params = {"columns": params}
    rest = {key: value for key, value in params.items() if key not in ("column", "columns")}
    named = params.get("column", params.get("columns", []))
    columns = tuple([named] if isinstance(named, str) else named)
    if rule in (*ROW_RULES, "statistic", "psi"):
        return [((column,), rest) for column in columns]
    if rule in ("unique", "row_count", "correlation") or (rule == "distinct_count" and len(columns) == 1):
        return [(columns, rest)]
    raise ValueError(f"no contender knows the rule {rule} with these columns")


def nth(seen: dict[str, int], key: str) -> str:
    """Tells repeated checks on the same columns apart by their order."""
    seen[key] = seen.get(key, 0) + 1
    return key if seen[key] == 1 else f"{key} #{seen[key]}"


def verdict(check: Check, value: Any, rows: int) -> dict[str, Any]:
    """What a figure means: failing rows for rules about rows, else the figure itself."""
    return {"ok": passes(check, value, rows), "value": value}


def passes(check: Check, value: Any, rows: int) -> bool:
    params = check.params
    if check.rule in ROW_RULES:
        return value <= (1 - params.get("mostly", 1)) * rows
    if check.rule == "unique":
        return value == 0
    if check.rule == "psi":
        return value <= params["fail"]
    if value is None:
        return False
    wanted = [params.get("min", params.get("equals")), params.get("max", params.get("equals"))]
    low, high = (str(bound) if isinstance(value, str) and bound is not None else bound for bound in wanted)
    return (low is None or low <= value) and (high is None or value <= high)


def psi(check: Check, counts: dict[float, int]) -> float:
    """The population stability index of a column from how often each value occurs, as Lockgate
    defines it: bins that include their lower edge (the last both), one under, one over, smoothed."""
    edges, shares = check.params["bins"], check.params["reference"]
    bins = [0] * (len(edges) + 1)
    for value, count in counts.items():
        place = sum(value >= edge for edge in edges)
        bins[len(edges) - 1 if value == edges[-1] else place] += count
    total = sum(bins)
    smooth = total + PSI_SMOOTHING * len(bins)
    index = 0.0
    for found, share in zip(bins, [0.0, *shares, 0.0]):
        actual = (found + PSI_SMOOTHING) / smooth
        expected = (share * total + PSI_SMOOTHING) / smooth
        index += (actual - expected) * math.log(actual / expected)
    return index
