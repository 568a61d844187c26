"""Whether contenders gave the same answers.

Datasets are compared by what one independent reader finds in their files: rows, sums, and a hash over
all columns that does not depend on the order of rows. Checks are compared by verdict and figure.
"""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb

from contenders.checks import Check
from harness.catalogue import Output

# Relative to the larger of two figures: sums may be taken in any order, quantiles and distinct counts may
# be estimates. Whatever is not named is counted and must be equal.
TOLERANCES = {"distinct_count": 0.1, "statistic": 1e-8, "correlation": 1e-6, "psi": 1e-6}
QUANTILES_MAY_DIFFER = 0.02
FLOATS_MAY_DIFFER = 1e-9


def fingerprint(folder: Path, output: Output, threads: int) -> dict[str, Any]:
    """What is in the files of a dataset, as plain figures. Names and orders of columns are part of it, widths of whole
    numbers and ways to store texts and dates are not."""
    connection = duckdb.connect()
    connection.execute(f"set threads = {threads}; set memory_limit = '6GB'; set enable_progress_bar = false")
    files = f"read_parquet('{folder}/**/*.parquet', hive_partitioning = true)"
    columns = {name: type_ for name, type_, *_ in connection.execute(f"describe from {files}").fetchall()}
    if not output.exact:
        # Without a partition of their own, Lockgate's tables have the run's time.
        columns.pop("created_at", None)
    alike = {name: comparable(name, type_) for name, type_ in sorted(columns.items())}
    floats = [name for name, type_ in sorted(columns.items()) if is_float(type_)]
    hashed = [expression for name, expression in alike.items() if output.exact or name not in floats]
    row = f"hash({', '.join(hashed)})"
    sums = [f"coalesce(sum({alike[name]}), 0)" for name in floats]
    # Ties each float to the rest of its row.
    tied = [f"coalesce(sum({alike[name]} * ({row} % 1000)), 0)" for name in floats]
    found = connection.execute(
        f"select count(*), sum({row}::hugeint), {', '.join([*sums, *tied, '0'])} from {files}"
    ).fetchone()
    connection.close()
    told: dict[str, Any] = {"rows": found[0], "columns": list(alike), "hash": f"{found[1] or 0:x}"}
    told |= {f"sum {name}": value for name, value in zip(floats, found[2:])}
    return told | {f"tied {name}": value for name, value in zip(floats, found[2 + len(floats) :])}


def comparable(name: str, type_: str) -> str:
    """A column as one type for its kind, so that equal values have equal hashes."""
    column = f'"{name}"'
    if is_float(type_):
        return f"{column}::double"
    if type_.endswith("INT") or type_ in ("INTEGER", "UINTEGER", "BOOLEAN"):
        return f"{column}::bigint"
    if type_.startswith(("DATE", "TIMESTAMP")):
        return f"{column}::timestamp"
    return f"decode({column})" if type_ == "BLOB" else f"{column}::varchar"


def is_float(type_: str) -> bool:
    return type_ in ("DOUBLE", "FLOAT") or type_.startswith("DECIMAL")


def rows_written(folder: Path, threads: int) -> int:
    """Rows of a dataset as its footers tell."""
    connection = duckdb.connect()
    connection.execute(f"set threads = {threads}")
    return connection.execute(f"select count(*) from read_parquet('{folder}/**/*.parquet')").fetchone()[0]


def judge(answers: dict[str, dict[str, Any]], allowed: dict[str, float]) -> dict[str, str]:
    """For each contender "same", or how it differs from what most of them found. An answer holds
    `outputs` (fingerprints by name), `checks` and `missing`; `allowed` says how far figures of checks may
    lie apart."""
    said = {}
    for name, answer in answers.items():
        differences = [
            *different_outputs(answer, answers),
            *different_checks(answer, answers, allowed),
        ]
        if len(answers) == 1:
            said[name] = "alone"
        else:
            said[name] = f"differs: {'; '.join(differences[:3])}" if differences else covered(answer)
    return said


def covered(answer: dict[str, Any]) -> str:
    return f"same ({len(answer['missing'])} checks missing)" if answer["missing"] else "same"


def different_outputs(answer: dict[str, Any], answers: dict[str, dict[str, Any]]) -> list[str]:
    found = []
    for name, mine in answer["outputs"].items():
        others = [other["outputs"][name] for other in answers.values() if name in other["outputs"]]
        for key in mine:
            common = most_common([other.get(key) for other in others], FLOATS_MAY_DIFFER)
            if not close(mine[key], common, FLOATS_MAY_DIFFER):
                found.append(f"{name} {key} is {mine[key]}, not {common}")
    return found


def different_checks(
    answer: dict[str, Any], answers: dict[str, dict[str, Any]], allowed: dict[str, float]
) -> list[str]:
    known = dict.fromkeys(key for other in answers.values() for key in other["checks"])
    found = [
        f"{key} was not answered"
        for key in known
        if key not in answer["checks"] and key not in answer["missing"]
    ]
    for key, mine in answer["checks"].items():
        others = [other["checks"][key] for other in answers.values() if key in other["checks"]]
        if mine["ok"] != most_common([other["ok"] for other in others], 0):
            found.append(f"{key} {'passes' if mine['ok'] else 'fails'}")
        values = [other["value"] for other in others if other.get("value") is not None]
        if mine.get("value") is None or not values:
            continue
        tolerance = allowed.get(key, 0.0)
        common = most_common(values, tolerance)
        if not close(mine["value"], common, tolerance):
            found.append(f"{key} is {mine['value']}, not {common}")
    return found


def tolerances(stated: dict[str, list[Check]]) -> dict[str, float]:
    """How far figures of each check may lie apart."""
    return {
        check.key: TOLERANCES.get(check.rule, 0.0) if check.quantile is None else QUANTILES_MAY_DIFFER
        for checks in stated.values()
        for check in checks
    }


def most_common(values: list[Any], tolerance: float) -> Any:
    """The value that most others are close to; of several such, the first."""
    votes = Counter(
        {place: sum(close(value, other, tolerance) for other in values) for place, value in enumerate(values)}
    )
    return values[votes.most_common(1)[0][0]]


def close(one: Any, other: Any, tolerance: float) -> bool:
    numbers = (int, float)
    if isinstance(one, numbers) and isinstance(other, numbers):
        return one == other or math.isclose(one, other, rel_tol=tolerance)
    return str(one) == str(other)
