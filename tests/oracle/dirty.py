"""Compares the cleaned orders with what the generator knows must come out.

usage: dirty.py LEDGER.json DATASET_FOLDER
"""

import json
import sys

import duckdb

clean = json.load(open(sys.argv[1]))["expected"]["clean"]
rows = f"read_parquet('{sys.argv[2]}/*/*.parquet', hive_partitioning=true)"
failures = []


def agree(what, sql, wanted):
    found = duckdb.execute(sql).fetchall()
    found = {key: count for key, count in found} if isinstance(wanted, dict) else str(found[0][0])
    if found != wanted:
        failures.append(f"{what}: {found}, expected {wanted}")


agree("rows", f"select count(*) from {rows}", str(clean["rows"]))
agree("partitions", f"select created_at::varchar, count(*) from {rows} group by 1", clean["by_partition"])
agree("ship modes", f"select coalesce(ship_mode, '(null)'), count(*) from {rows} group by 1", clean["by_ship_mode"])
agree("status", f"select status, count(*) from {rows} group by 1", clean["by_status"])
agree("segments", f"select coalesce(segment, '(null)'), count(*) from {rows} group by 1", clean["by_segment"])
agree("quantity", f"select sum(quantity) from {rows}", clean["quantity"])
if failures:
    sys.exit("\n".join(failures))
