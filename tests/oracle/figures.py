"""Makes data of every type with checks whose figures are known otherwise, and compares the figures of a run.

Moments are compared with exact fractions, counts and quantiles with DuckDB.

usage: figures.py make FOLDER
       figures.py compare FOLDER RECORD.json
"""

import json
import math
import random
import sys
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

ROWS = 4_000
CITIES = ["Zürich", "Bern", "", "日本", "São Paulo", "a text that is longer than a view holds", "bern", " Bern"]
NUMBERS = ["small", "huge", "whole", "single", "double", "money", "wide", "equal"]
KEYS = NUMBERS + ["city", "mode", "flag", "day", "local", "utc"]


def columns(at):
    """Values of one row; about one in ten is null."""
    some = lambda value: None if at.random() < 0.1 else value
    start = datetime(2024, 1, 1)
    return {
        "small": some(at.randint(-5, 5)),
        "huge": some(2**62 + at.randint(-9, 9)),
        "whole": some(2**63 + at.randint(0, 3)),
        "single": some(at.choice([0.1, -2.5, 3e10, 0.0, -0.0])),
        "double": some(at.gauss(1e6, 1e-2) if at.random() < 0.99 else -1e9),
        "money": some(Decimal(at.randint(-(10**6), 10**6)).scaleb(-2)),
        "wide": some(Decimal(at.randint(-(10**30), 10**30)).scaleb(-4)),
        "equal": 0.1,
        "odd": some(at.choice([math.nan, math.inf, -math.inf, 0.0, 1.5])),
        "city": some(at.choice(CITIES)),
        "mode": some(at.choice(["AIR", "RAIL", "SHIP"])),
        "flag": some(at.random() < 0.3),
        "day": some(date(1969, 12, 25) + timedelta(at.randint(0, 40))),
        "local": some(start + timedelta(microseconds=at.randint(-(10**13), 10**13) // 7 * 7)),
        "utc": some(start.replace(tzinfo=timezone.utc) + timedelta(milliseconds=at.randint(0, 500))),
        "amount": some(at.choice(["1", "1.5", "abc", "", "1e2", "-3", "99999999999999999999"])),
    }


TYPES = {
    "small": pa.int8(), "huge": pa.int64(), "whole": pa.uint64(), "single": pa.float32(), "double": pa.float64(),
    "money": pa.decimal128(10, 2), "wide": pa.decimal128(38, 4), "equal": pa.float64(), "odd": pa.float64(),
    "city": pa.string(), "mode": pa.dictionary(pa.int32(), pa.string()), "flag": pa.bool_(), "day": pa.date32(),
    "local": pa.timestamp("us"), "utc": pa.timestamp("ms", "UTC"), "amount": pa.string(),
}

# Rules about rows: parameters, which rows are evaluated, and which of these fail, in DuckDB's SQL.
ROW_CHECKS = [
    ({"not_null": {"column": name}}, "true", f"{name} is null") for name in KEYS
] + [
    ({"between": {"column": "small", "min": -3, "max": 2.5}}, "small is not null", "small not between -3 and 2.5"),
    ({"ge": {"column": "huge", "value": 2**62}}, "huge is not null", f"huge < {2**62}"),
    ({"lt": {"column": "whole", "value": str(2**63 + 2)}}, "whole is not null", f"whole >= {2**63 + 2}"),
    ({"gt": {"column": "money", "value": "-0.005"}}, "money is not null", "money <= -0.005"),
    ({"le": {"column": "double", "value": 1e6}}, "double is not null", "double > 1e6"),
    ({"eq": {"column": "single", "value": 0.1}}, "single is not null", "single <> 0.1::float"),
    ({"ge": {"column": "odd", "value": 0}}, "odd is not null", "isnan(odd) or odd < 0"),
    ({"missing": {"column": "odd"}}, "true", "odd is null or isnan(odd)"),
    ({"missing": {"column": "city", "values": ["Bern"]}}, "true", "city is null or trim(city) = '' or city = 'Bern'"),
    ({"in_set": {"column": "city", "values": ["BERN", "zürich"], "case_sensitive": False, "trim": True}},
     "city is not null", "lower(trim(city)) not in ('bern', 'zürich')"),
    ({"not_in_set": {"column": "mode", "values": ["AIR"]}}, "mode is not null", "mode = 'AIR'"),
    ({"in_set": {"column": "wide", "values": ["0.0001"]}}, "wide is not null", "wide <> 0.0001"),
    ({"regex": {"column": "city", "pattern": "[A-Z].*"}}, "city is not null", "not regexp_full_match(city, '[A-Z].*')"),
    ({"not_regex": {"column": "city", "pattern": "er", "mode": "search"}}, "city is not null", "regexp_matches(city, 'er')"),
    ({"length": {"column": "city", "min": 1, "max": 6}}, "city is not null", "length(city) not between 1 and 6"),
    ({"length": {"column": "city", "max": 6, "unit": "bytes"}}, "city is not null", "strlen(city) > 6"),
    ({"le": {"column": "day", "value": "1970-01-01"}}, "day is not null", "day > date '1970-01-01'"),
    ({"lt": {"column": "local", "value": "2024-01-01T00:00:00.000007"}}, "local is not null",
     "local >= timestamp '2024-01-01 00:00:00.000007'"),
    ({"ge": {"column": "utc", "value": "2024-01-01T01:00:00.250+01:00"}}, "utc is not null",
     "epoch_ms(utc) < epoch_ms(timestamptz '2024-01-01 00:00:00.250+00')"),
    ({"eq": {"column": "flag", "value": False}}, "flag is not null", "flag"),
    ({"le": {"column": "small", "value": {"column": "money"}}}, "small is not null and money is not null", "small > money"),
    ({"type_conformance": {"column": "amount", "type": "int64"}}, "amount is not null",
     "not regexp_full_match(amount, '-?[0-9]+|1e2') or try_cast(amount as hugeint) > 9223372036854775807"),
    ({"expression": {"expr": "small + 1 > 0"}}, "true", "coalesce(small + 1, 0) <= 0"),
    ({"expression": {"expr": "small > 0", "nulls": "pass"}}, "true", "small <= 0"),
    ({"foreign_key": {"column": "city", "to": {"source": "cities", "columns": "name"}}}, "city is not null",
     "city not in ('Zürich', 'Bern', '日本')"),
]
SCOPE = ("small > 0", "small > 0")


def checks():
    """Every check with its id, and what else is to be known of it."""
    told = []
    for at, (check, evaluated, failed) in enumerate(ROW_CHECKS):
        told.append((check, {"evaluated": evaluated, "failed": failed}))
        (rule, params), = check.items()
        told.append(({rule: params | {"where": SCOPE[0]}}, {"evaluated": f"({evaluated}) and {SCOPE[1]}", "failed": failed}))
    for name in NUMBERS + ["odd"]:
        for function in ["min", "max", "range", "sum", "mean", "variance", "stddev", "skewness", "kurtosis", "zeros_count"]:
            told.append(({"statistic": {"column": name, "fn": function, "min": -1e38}}, {"moment": function}))
        for q in (0.1, 0.5, 0.77):
            told.append(({"statistic": {"column": name, "fn": "quantile", "q": q, "min": -1e38}}, {"quantile": q}))
        told.append(({"statistic": {"column": name, "fn": "mad", "min": 0}}, {"quantile": "mad"}))
    for name in KEYS:
        for rule, sql in {
            "distinct_count": "count(*)", "distinctness": "count(*) / sum(n)",
            "uniqueness": "count(*) filter (n = 1) / sum(n)", "unique_value_ratio": "count(*) filter (n = 1) / count(*)",
        }.items():
            told.append(({rule: {"column": name, "min": 0}}, {"groups": sql}))
        for count, sql in {
            "extra_rows": "sum(n - 1)", "rows_in_dup_groups": "coalesce(sum(n) filter (n > 1), 0)",
            "dup_groups": "count(*) filter (n > 1)",
        }.items():
            told.append(({"unique": {"columns": [name], "count": count}}, {"groups": sql}))
        if name != "day":
            told.append(({"primary_key": {"columns": [name, "day"], "samples": 100000}}, {"keys": [name, "day"]}))
    told.append(({"correlation": {"columns": ["small", "money"], "min": -1}}, {"correlation": ["small", "money"]}))
    told.append(({"psi": {"column": "small", "bins": [-3, 0, 3], "reference": [0.5, 0.5]}}, {"psi": [[-3, 0, 3], [0.5, 0.5]]}))
    for at, (check, _) in enumerate(told):
        (_, params), = check.items()
        params |= {"id": f"c{at}", "severity": "log"}
    return told


def make(folder):
    at = random.Random(7)
    rows = [columns(at) for _ in range(ROWS)]
    table = pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in TYPES.items()})
    (folder / "data").mkdir()
    for part in range(4):
        piece = table.slice(part * ROWS // 4, ROWS // 4)
        pq.write_table(piece, folder / f"data/part-{part}.parquet", row_group_size=300 * (part + 1))
    pq.write_table(pa.table({"name": ["Zürich", "Bern", "日本", None]}), folder / "cities.parquet")
    pipeline = {
        "pipeline": "figures",
        "sources": {
            "data": {"read": "data/", "checks": [check for check, _ in checks()]},
            "cities": {"read": "cities.parquet"},
        },
        "tables": {"copy": {"from": "data", "write": {"to": "out/"}}},
    }
    (folder / "pipeline.yaml").write_text(yaml.safe_dump(pipeline, allow_unicode=True, sort_keys=False))


def moments(values, function):
    """Of exact fractions."""
    n = len(values)
    if function in ("min", "max", "range", "sum", "zeros_count"):
        return {
            "min": min(values), "max": max(values), "range": max(values) - min(values), "sum": sum(values),
            "zeros_count": sum(value == 0 for value in values),
        }[function]
    mean = sum(values) / n
    power = lambda k: sum((value - mean) ** k for value in values)
    if function == "mean":
        return mean
    if function == "variance":
        return power(2) / (n - 1)
    if function == "stddev":
        return math.sqrt(power(2) / (n - 1))
    second = power(2) / n
    if second == 0:
        return None
    if function == "skewness":
        return float(power(3) / n) / float(second) ** 1.5
    return float(power(4) / n / second**2) - 3


def compare(folder, record):
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'")
    con.execute(f"create view data as select * from read_parquet('{folder}/data/*.parquet')")
    one = lambda sql: con.execute(sql).fetchone()
    fractions = {}
    found = {check["id"]: check for check in record["checks"]}
    failures = []

    def agree(check, what, got, wanted, tolerance=0):
        got = float(got) if isinstance(got, str) and tolerance else got
        same = got == wanted or (
            tolerance and got is not None and wanted is not None and abs(float(got) - float(wanted)) <= tolerance * max(abs(float(wanted)), 1e-300)
        )
        if not same:
            failures.append(f"{check}: {what} is {got!r}, expected {wanted!r}")

    for check, known in checks():
        (rule, params), = check.items()
        verdict, name = found[params["id"]], params.get("column")
        value = verdict["observed"]
        if "evaluated" in known:
            evaluated, failed = one(f"select count(*) filter ({known['evaluated']}), count(*) filter (({known['evaluated']}) and ({known['failed']})) from data")
            agree(check, "n_evaluated", verdict["n_evaluated"], evaluated)
            agree(check, "n_failed", verdict["n_failed"], failed)
            agree(check, "status", verdict["status"], "skipped" if evaluated == 0 else "fail" if failed else "pass")
        elif "moment" in known:
            if name == "odd":
                wanted = {"zeros_count": one("select count(*) filter (odd = 0) from data")[0]}
                agree(check, "observed", value, wanted.get(known["moment"], "NaN"))
                continue
            if name not in fractions:
                fractions[name] = [Fraction(row[0]) for row in con.execute(f"select {name} from data where {name} is not null").fetchall()]
            wanted = moments(fractions[name], known["moment"])
            exact = known["moment"] in ("min", "max", "range", "sum") and name not in ("single", "double", "equal")
            if wanted is None:
                agree(check, "status", verdict["status"], "skipped")
            elif exact:
                agree(check, "observed", Fraction(str(value)), wanted)
            else:
                agree(check, "observed", value, wanted, 1e-9 if known["moment"] == "kurtosis" else 4e-15)
        elif "quantile" in known:
            if name == "odd":
                agree(check, "observed", value, "NaN")
                continue
            floats = f"(select {name}::double as x from data where {name} is not null)"
            sql = "mad(x)" if known["quantile"] == "mad" else f"quantile_cont(x, {known['quantile']})"
            agree(check, "observed", value, one(f"select {sql} from {floats}")[0], 1e-12)
        elif "groups" in known:
            name = name or params["columns"][0]
            key = f"{name} + 0.0" if name in ("single", "double") else name
            wanted = one(f"select {known['groups']} from (select count(*) as n from data where {name} is not null group by {key})")[0]
            agree(check, "observed", value, wanted, 1e-12)
        elif "keys" in known:
            a, b = known["keys"]
            rows, nulls = one(f"select count(*), count(*) filter ({a} is null or {b} is null) from data")
            key = f"{a} + 0.0" if a in ("single", "double") else a
            groups = con.execute(f"select count(*) as n from data where {a} is not null and {b} is not null group by {key}, {b} having n > 1").fetchall()
            occurs = sorted(sample["occurs"] for sample in verdict.get("samples", []) if "occurs" in sample)
            agree(check, "samples", occurs, sorted(n for n, in groups))
            agree(check, "extra_rows", value["extra_rows"], sum(n - 1 for n, in groups))
            agree(check, "null_keys", value["null_keys"], nulls)
            agree(check, "null samples", sum("occurs" not in sample for sample in verdict.get("samples", [])), nulls)
        elif "correlation" in known:
            pairs = [(Fraction(x), Fraction(y)) for x, y in con.execute("select small, money from data where small is not null and money is not null").fetchall()]
            n = len(pairs)
            mx, my = sum(x for x, _ in pairs) / n, sum(y for _, y in pairs) / n
            xy = sum((x - mx) * (y - my) for x, y in pairs)
            xx, yy = sum((x - mx) ** 2 for x, _ in pairs), sum((y - my) ** 2 for _, y in pairs)
            agree(check, "observed", value, float(xy) / math.sqrt(float(xx) * float(yy)), 1e-14)
        else:
            edges, shares = known["psi"]
            values = [row[0] for row in con.execute("select small from data where small is not null").fetchall()]
            counts = [sum(v < edges[0] for v in values)]
            counts += [sum(a <= v < b or (b == edges[-1] and v == b) for v in values) for a, b in zip(edges, edges[1:])]
            counts += [sum(v > edges[-1] for v in values)]
            total, index = len(values) + 0.5 * len(counts), 0
            for count, share in zip(counts, [0, *shares, 0]):
                actual, expected = (count + 0.5) / total, (share * len(values) + 0.5) / total
                index += (actual - expected) * math.log(actual / expected)
            agree(check, "counts", value["counts"], counts)
            agree(check, "psi", value["psi"], index, 1e-12)
    if failures:
        sys.exit("\n".join(failures))
    print(f"{len(found)} checks agree")


if __name__ == "__main__":
    folder = Path(sys.argv[2])
    make(folder) if sys.argv[1] == "make" else compare(folder, json.load(open(sys.argv[3])))
