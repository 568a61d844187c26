"""Soda on DuckDB: a contract, verified locally."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

os.environ["SODA_CORE_TELEMETRY_ENABLED"] = "false"

import duckdb
from soda_core.contracts import verify_contract_locally
from soda_duckdb.common.data_sources.duckdb_data_source import DuckDBDataSourceImpl

from contenders import checks
from contenders.checks import Check
from contenders.task import Task, answer

TABLE = "detail"


def between(check: Check) -> dict[str, Any]:
    """The threshold of a figure, from one or both bounds."""
    low, high = check.params.get("min"), check.params.get("max")
    if high is None:
        return {"must_be_greater_than_or_equal": low}
    return {"must_be_between": {"greater_than_or_equal": low, "less_than_or_equal": high}}


def column_check(check: Check) -> dict[str, Any] | None:
    """A check in the list of its column."""
    params = check.params
    match check.rule:
        case "not_null":
            return {"missing": None}
        case "between":
            return {"invalid": {"valid_min": params["min"], "valid_max": params["max"]}}
        case "in_set":
            return {"invalid": {"valid_values": params["values"]}}
        case "regex":
            return {"invalid": {"valid_format": {"name": "words", "regex": f"^(?:{params['pattern']})$"}}}
        case "statistic" if params["fn"] == "mean":
            return {"aggregate": {"function": "avg", "qualifier": "mean", "threshold": between(check)}}
        case "statistic" if params["fn"] == "stddev":
            expression = f"stddev_samp({check.column})"
            return {"metric": {"qualifier": "stddev", "expression": expression, "threshold": between(check)}}
        case _:
            return None


def table_check(check: Check, place: int) -> dict[str, Any]:
    """A check in the list of the dataset; what Soda has no check for is a metric in SQL."""
    match check.rule:
        case "row_count":
            return {"row_count": {"threshold": between(check)}}
        case "unique":
            return {"duplicate": {"columns": list(check.columns)}}
        case "psi":
            threshold = {"must_be_less_than": check.params["fail"]}
        case _:
            threshold = between(check)
    return {"metric": {"qualifier": f"m{place}", "query": query(check), "threshold": threshold}}


def query(check: Check) -> str:
    match check.rule:
        case "statistic":
            return f"select approx_quantile({check.column}, {check.quantile}) from {TABLE}"
        case "distinct_count":
            return f"select approx_count_distinct({check.column}) from {TABLE}"
        case "correlation":
            return f"select corr({', '.join(check.columns)}) from {TABLE}"
        case "psi":
            low, width = check.params["bins"][0], check.params["bins"][1] - check.params["bins"][0]
            share = check.params["reference"][0]
            grouped = f"from {TABLE} group by floor(({check.column} - {low}) / {width})"
            shares = f"select count(*) / sum(count(*)) over () as p {grouped}"
            return f"select sum((p - {share}) * ln(p / {share})) from ({shares})"
        case rule:
            raise ValueError(rule)


def contract(asked: list[Check]) -> dict[str, Any]:
    columns: dict[str, list[dict[str, Any]]] = {}
    whole = []
    for place, check in enumerate(asked):
        for name in check.columns:
            columns.setdefault(name, [])
        if made := column_check(check):
            columns[check.column].append(made)
        else:
            whole.append(table_check(check, place))
    listed = [{"name": name} | ({"checks": of} if of else {}) for name, of in columns.items()]
    return {"dataset": f"source/memory/main/{TABLE}", "checks": whole, "columns": listed}


def validate(task: Task) -> None:
    asked = checks.load(task.pipeline, task.vars)["detail"]
    connection = duckdb.connect()
    connection.execute(f"set threads = {task.threads}")
    rows = f"read_parquet('{task.data}/detail/*/*.parquet', hive_partitioning = true)"
    connection.execute(f"create view {TABLE} as select * from {rows}")
    path = Path(task.tmp, "contract.yml")
    path.write_text(json.dumps(contract(asked)))  # JSON is YAML
    with task.phase("validate"):
        source = DuckDBDataSourceImpl.from_existing_cursor(connection.cursor(), name="source")
        session = verify_contract_locally(data_sources=[source], contract_file_path=str(path))
    results = session.contract_verification_results[0].check_results
    failed = [one.check.name for one in results if one.outcome.name != "PASSED"]
    if failed or len(results) != len(asked):
        raise ValueError(f"{len(results)} of {len(asked)} checks ran, not passed: {failed}")
    task.checks = {check.key: {"ok": True, "value": None} for check in asked}


if __name__ == "__main__":
    answer({"validate": validate})
