"""How Polars measures checks: expressions for one streaming aggregate, and a group-by for each key that
must be unique and for each distribution, all collected together."""

from __future__ import annotations

from typing import Any

import polars as pl

from contenders.checks import Check, psi, verdict
from contenders.checks_sql import plain


def failing(check: Check) -> pl.Expr:
    """Rows that fail a rule about rows; null is not evaluated but by the rules about null."""
    column, params = pl.col(check.column), check.params
    match check.rule:
        case "not_null" | "completeness":
            return column.null_count()
        case "between":
            holds = column.is_between(params["min"], params["max"])
        case "in_set":
            holds = column.is_in(params["values"])
        case "regex":
            holds = column.str.contains(f"^(?:{params['pattern']})$")
        case "length":
            holds = column.str.len_chars().is_between(params["min"], params["max"])
        case rule:
            raise ValueError(rule)
    return (~holds).sum()


def aggregates(check: Check) -> list[pl.Expr]:
    """What one streaming aggregate has to compute for a check."""
    column = pl.col(check.column) if check.columns else pl.len()
    match check.rule:
        case "row_count":
            return [pl.len()]
        case "distinct_count":
            return [column.approx_n_unique()]
        case "correlation":
            # `pl.corr` leaves the streaming engine, its moments do not. They take it that neither column has nulls.
            x, y = (pl.col(name) for name in check.columns)
            return [x.mean(), y.mean(), (x * y).mean(), (x * x).mean(), (y * y).mean()]
        case "statistic" if check.quantile is not None:
            return [column.quantile(check.quantile)]
        case "statistic":
            return [getattr(column, {"stddev": "std"}.get(check.params["fn"], check.params["fn"]))()]
        case "unique" | "psi":
            return []
        case _:
            return [failing(check)]


def grouping(check: Check, table: pl.LazyFrame) -> pl.LazyFrame | None:
    match check.rule:
        case "unique":
            groups = table.group_by(check.columns).len().filter(pl.col("len") > 1)
            return groups.select((pl.col("len") - 1).sum())
        case "psi":
            return table.group_by(check.column).len()
        case _:
            return None


def correlation(mx: float, my: float, mxy: float, mxx: float, myy: float) -> float:
    return (mxy - mx * my) / ((mxx - mx**2) * (myy - my**2)) ** 0.5


def judge(checks: list[Check], table: pl.LazyFrame, *also: pl.LazyFrame) -> dict[str, Any]:
    """Measures the checks on a table and judges them, and collects other frames along."""
    expressions = [pl.len().alias("n")]
    for place, check in enumerate(checks):
        expressions += [part.alias(f"{place}.{nth}") for nth, part in enumerate(aggregates(check))]
    groups = {check.key: frame for check in checks if (frame := grouping(check, table)) is not None}
    found, *grouped = pl.collect_all([table.select(expressions), *groups.values(), *also], engine="streaming")
    row = found.row(0, named=True)
    by_key = dict(zip(groups, grouped))

    def measured(place: int, check: Check) -> Any:
        if check.rule == "unique":
            return by_key[check.key].item() or 0
        if check.rule == "psi":
            return psi(
                check, {value: count for value, count in by_key[check.key].iter_rows() if value is not None}
            )
        parts = [row[f"{place}.{nth}"] for nth in range(len(aggregates(check)))]
        return correlation(*parts) if check.rule == "correlation" else plain(parts[0])

    return {check.key: verdict(check, measured(place, check), row["n"]) for place, check in enumerate(checks)}
