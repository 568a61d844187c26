"""Compares a run of the flights pipeline with what DuckDB and Polars find in its output.

usage: flights.py RECORD.json OUT_FOLDER
"""

import json
import sys
from pathlib import Path

import duckdb
import polars as pl

record = json.load(open(sys.argv[1]))
expected = json.load(open(Path(__file__).parents[2] / "fixtures/flights/expected.json"))
failures = []


def agree(what, found, wanted):
    same = found == wanted or (
        isinstance(found, (int, float)) and isinstance(wanted, (int, float)) and abs(found - wanted) <= 1e-9 * max(1, abs(wanted))
    )
    if not same:
        failures.append(f"{what}: {found!r}, expected {wanted!r}")


tables = {table["table"]: table for table in record["tables"]}
inputs = {source["source"]: source for source in record["inputs"]}
checks = {}
for check in record["checks"]:
    checks.setdefault((check["on"], check["id"]), check)

for name, source in expected["sources"].items():
    agree(f"{name} rows", inputs[name]["rows"], source["rows"])
for kind in ("sources", "tables"):
    for name, node in expected[kind].items():
        for check in node["checks"]:
            found = checks.get((name, check["id"])) or checks.get((name, f"{check['id']}.{check.get('column')}"))
            if found is None:
                failures.append(f"{name}: no check {check['id']}")
                continue
            for field in ("status", "severity", "n_evaluated", "n_failed", "n_null"):
                if check.get(field) is not None:
                    agree(f"{name} {check['id']} {field}", found[field], check[field])

def scan(output):
    folder = output["location"].removeprefix("file://")
    return folder, f"read_parquet('{folder}/*/*.parquet', hive_partitioning=true, union_by_name=true)"


for name, table in expected["tables"].items():
    found = tables[name]
    quarantine = table.get("quarantine", {"rows": 0})
    agree(f"{name} rows_out", found["rows_out"], table["rows"])
    agree(f"{name} rows_quarantined", found["rows_quarantined"], quarantine["rows"])
    for step, wanted in zip(found["steps"], table["steps"], strict=True):
        for field in ("step", "rows_in", "rows_out"):
            agree(f"{name} {wanted['step']} {field}", step[field], wanted[field])
        for count in set(step.get("counts", {})) & set(wanted):
            agree(f"{name} {wanted['step']} {count}", step["counts"][count], wanted[count])
    if not found["output"]:
        continue
    folder, rows = scan(found["output"])
    for column, figures in table.get("figures", {}).items():
        for figure, wanted in figures.items():
            call = "count" if figure == "not_null" else figure
            agree(f"{name}.{column} {figure}", duckdb.execute(f'select {call}("{column}") from {rows}').fetchone()[0], wanted)
    if "partitions" in table and "created_at" not in table.get("run_time_partition", []):
        by_day = duckdb.execute(f"select created_at::varchar, count(*) from {rows} group by 1").fetchall()
        if len(table["partitions"]) > 1:
            agree(f"{name} partitions", dict(by_day), table["partitions"])
    if quarantine["rows"]:
        _, failed = scan(found["quarantine"])
        reasons = duckdb.execute(f"select reason, count(*) from (select unnest(lockgate_reasons) as reason from {failed}) group by 1")
        counted = dict(reasons.fetchall())
        agree(f"{name} reasons", {check: counted.get(check) for check in quarantine["by_check"]}, quarantine["by_check"])

# What readers see: every output is ordinary Hive-partitioned Parquet, for a glob and for a folder.
for table in tables.values():
    for output in filter(None, (table["output"], table["quarantine"])):
        folder, rows = scan(output)
        agree(f"{folder} rows by DuckDB", duckdb.execute(f"select count(*) from {rows}").fetchone()[0], output["rows"])
        if output is table["output"]:
            frame = pl.scan_parquet(folder, hive_partitioning=True)
            agree(f"{folder} rows by Polars", frame.select(pl.len()).collect().item(), output["rows"])
            days = frame.select(pl.col("created_at").n_unique()).collect().item()
            agree(f"{folder} partitions", days, output["partitions"])
        agree(f"{folder} bytes", sum(f.stat().st_size for f in Path(folder).rglob("*.parquet")), output["bytes"])

if failures:
    sys.exit("\n".join(failures))
