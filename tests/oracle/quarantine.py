"""Says of every row of tests/e2e/quarantine.rs what must become of it, and compares.

usage: quarantine.py FOLDER
"""

import csv
import json
import re
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

import duckdb

folder = Path(sys.argv[1])
record = json.load(open(folder / "record.json"))
failures = []
failed = Counter()


def agree(what, found, wanted):
    if found != wanted:
        failures.append(f"{what}: {found}, expected {wanted}")


def agree_bags(what, found, wanted):
    if not wanted:
        failures.append(f"{what}: nothing is expected, which proves nothing")
    if found != wanted:
        more, less = list((found - wanted).items())[:3], list((wanted - found).items())[:3]
        failures.append(f"{what}: {sum(found.values())} rows, expected {sum(wanted.values())}\n  found {more}\n  expected {less}")


def rows():
    for file in sorted(folder.glob("raw_orders/*/*.csv")):
        with open(file, newline="") as lines:
            for at, row in enumerate(csv.DictReader(lines)):
                row = {name: text or None for name, text in row.items()}
                yield file, at, row | {"created_at": file.parent.name.removeprefix("created_at=")}


def reasons(checks):
    """The ids of the checks that fail; each is counted."""
    ids = [name for name, fails in checks.items() if fails]
    failed.update(ids)
    return ids


MODES = {"AIR", "FOB", "MAIL", "RAIL", "REG AIR", "SHIP", "TRUCK"}
from_source, from_table, clean = Counter(), Counter(), Counter()
read = passed = nulled = filtered = 0
for file, at, row in rows():
    read += 1
    ordered_on = row["ordered_on"]
    ids = reasons(
        {
            "era": ordered_on is not None and not "2000-01-01" <= ordered_on <= "2098-12-31",
            "buyer": row["customer_id"] is None,
            "words": row["comment"] is None,
        }
    )
    place = (f"{file.parent.name}/{file.name}", at)
    if "era" in ids:
        from_source[(*place, tuple(ids))] += 1
    if "era" in ids or "buyer" in ids:
        continue
    passed += 1
    quantity, price = row["quantity"], Decimal(row["extended_price"])
    if quantity is not None and not re.fullmatch(r"-?\d+(\.\d{1,2})?", quantity):
        from_table[(*place, ("parse: quantity is no decimal(12,2)",))] += 1
        continue
    quantity = None if quantity is None else Decimal(quantity)
    units = None if quantity is None or quantity % 1 else int(quantity)
    dollars = None if price % 1 else int(price)
    nulled += (quantity is not None and units is None) + (dollars is None)
    if int(row["order_id"]) > 32767:
        from_table[(*place, ("cast: order_id is no int16",))] += 1
        continue
    if int(row["line_number"]) >= 4:
        filtered += 1
        continue
    discount = None if row["discount"] is None else float(row["discount"])
    ids = reasons(
        {
            "size": quantity is not None and not 1 <= quantity <= 50,
            "mode": row["ship_mode"] is not None and row["ship_mode"] not in MODES,
            "cheap": price > 50000,
            "rebate": discount is None,
            "half": discount is not None and discount > 0.05,
            "known": row["status"] not in ("open", "shipped", "delivered"),
        }
    )
    if "size" in ids or "mode" in ids:
        from_table[(*place, tuple(ids))] += 1
    elif "rebate" not in ids:
        discount = None if "half" in ids else discount
        status = None if "known" in ids else row["status"]
        key = (int(row["order_id"]), int(row["line_number"]), row["created_at"])
        clean[(*key, quantity, float(price), units, dollars, discount, status, row["ship_mode"])] += 1


def aside(name):
    query = f"""select lockgate_file, lockgate_row, lockgate_reasons
        from read_parquet('{folder}/apart/{name}/*/*.parquet', union_by_name = true)"""
    found = duckdb.execute(query).fetchall()
    return Counter(("/".join(file.split("/")[-2:]), at, tuple(ids)) for file, at, ids in found)


out = duckdb.execute(
    f"""select order_id, line_number, created_at::varchar, quantity, extended_price, units, dollars, discount, status, ship_mode
    from read_parquet('{folder}/out/typed/*/*.parquet', hive_partitioning = true)"""
)
agree_bags("clean rows", Counter(out.fetchall()), clean)
agree_bags("quarantine of the source", aside("orders"), from_source)
agree_bags("quarantine of the table", aside("typed"), from_table)
several = [ids for _, _, ids in from_table if len(ids) > 2]
agree("rows that fail several checks", bool(several), True)

source = record["inputs"][0]
table = record["tables"][0]
agree("rows read", source["rows"], read)
agree("rows the source passed on", (source["rows_out"], table["rows_in"]), (passed, passed))
agree("rows of the source kept apart", source["rows_quarantined"], sum(from_source.values()))
agree("rows written", (table["rows_out"], table["output"]["rows"]), (sum(clean.values()),) * 2)
agree("rows of the table kept apart", table["rows_quarantined"], sum(from_table.values()))
agree("values made null", table["steps"][2]["counts"]["made_null"], nulled)
agree("rows filtered", table["steps"][4]["rows_in"] - table["steps"][4]["rows_out"], filtered)
for check in record["checks"]:
    agree(f"rows that fail {check['id']}", check["n_failed"], failed[check["id"]])
if failures:
    sys.exit("\n".join(failures))
