"""Makes two datasets that should be the same and are not quite, with checks that compare them, and compares
what a run found with what DuckDB finds.

usage: reconciled.py make FOLDER
       reconciled.py compare FOLDER RECORD.json
"""

import json
import random
import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import yaml

ROWS = 3_000
REGIONS = ["north", "south", "östlich", "", None]
HERE = pa.schema([("id", pa.int64()), ("region", pa.string()), ("amount", pa.decimal128(10, 2)), ("price", pa.float64()), ("day", pa.date32())])
# The same values in other types, an order of columns of its own, and a column more.
THERE = pa.schema([("day", pa.date32()), ("id", pa.int32()), ("region", pa.string()), ("amount", pa.decimal128(14, 4)), ("price", pa.float64()), ("note", pa.string())])
# Texts are read as the types that the source declares.
DECLARED = {"day": "date", "id": "int32", "region": "string", "amount": "decimal(14,4)", "price": "float64", "note": "string"}


def row(at, number):
    some = lambda value: None if at.random() < 0.05 else value
    return {
        "id": number, "region": at.choice(REGIONS), "amount": some(Decimal(at.randint(-(10**7), 10**7)).scaleb(-2)),
        "price": some(at.gauss(100, 15)), "day": some(date(2024, 1, 1) + timedelta(at.randint(0, 60))), "note": some("seen"),
    }


def datasets():
    """Rows here, and there: a few are missing on either side, a few differ, a few keys repeat or are null."""
    at = random.Random(11)
    here = [row(at, number) for number in range(ROWS)]
    there = []
    for one in here:
        other = dict(one)
        luck = at.random()
        if luck < 0.02:
            continue
        if luck < 0.05:
            other["amount"] = Decimal(at.randint(-(10**7), 10**7)).scaleb(-2)
        elif luck < 0.08 and other["price"] is not None:
            other["price"] += 1e-7
        elif luck < 0.09:
            other["day"] = None
        elif luck < 0.10:
            other["region"] = "west"
        there.append(other)
        if luck > 0.99:
            there.append(dict(other, amount=Decimal("0.01")))
    there += [row(at, ROWS + number) for number in range(25)]
    here += [dict(at.choice(here)) for _ in range(15)] + [dict(row(at, 0), id=None)]
    there += [dict(row(at, 0), id=None)] * 2
    at.shuffle(here)
    at.shuffle(there)
    return here, there


# How keys are compared, and what makes a partner's value another.
SAME = "h.id is not distinct from t.id"
COMPARED = ["region", "amount", "price", "day"]


def differs(name, tolerance):
    if name == "price" and tolerance:
        return f"((h.price is null) <> (t.price is null) or coalesce(abs(h.price - t.price) > {tolerance}, false))"
    return f"h.{name} is distinct from t.{name}"


def matched(tolerance=0, compared=COMPARED, scope="true"):
    """The figures of `dataset_match`, of the rows here and those there in `scope`."""
    different = " or ".join(differs(name, tolerance) for name in compared)
    each = ", ".join(f"count(*) filter ({differs(name, tolerance)}) as d_{name}" for name in compared)
    sql = f"""
    with h as (select * from here), t as (select * from there where {scope}),
    firsts as (select * from t qualify row_number() over (partition by id order by place) = 1),
    both_keys as (select distinct h.id from h join firsts t on {SAME}),
    found_here as (select count(*) n from h join both_keys t on {SAME}),
    found_there as (select count(*) n from t h join both_keys t on {SAME}),
    pairs as (select count(*) filter ({different}) different, {each} from h join firsts t on {SAME})
    select (select count(*) from h) - (select n from found_here) only_here,
           (select count(*) from t) - (select n from found_there) only_there,
           (select n from found_here) + (select n from found_there) - 2 * (select count(*) from both_keys) repeated,
           pairs.* from pairs"""
    return sql


def aggregates(function, column, by):
    value = f"{function}({column})" if function != "distinct_count" else f"count(distinct {column})"
    value = value.replace("mean(", "avg(")
    key = f"{by} as key" if by else "1 as key"
    side = lambda name: f"select {key}, {value} as figure from {name} group by all"
    return f"""
    with h as ({side('here')}), t as ({side('there')})
    select coalesce(h.key, t.key) as key, h.figure as here, t.figure as there, h.key is null and h.figure is null as lone_there
    from h full join t on h.key is not distinct from t.key"""


def checks():
    """Every check with the way its figures are found otherwise, in the order of the pipeline."""
    told = []

    def add(rule, params, kind, **more):
        told.append(({rule: params | {"id": f"c{len(told)}", "severity": "log"}}, {"kind": kind} | more))

    for to in ("there", "text"):
        other = {"source": to}
        scoped = other | {"where": "region = 'north'"}
        add("row_count_match", {"to": other}, "rows", holds=lambda h, t: h == t)
        add("row_count_match", {"to": other, "tolerance": 1_000}, "rows", holds=lambda h, t: abs(h - t) <= 1_000)
        add("row_count_match", {"to": other, "relative": 0.001}, "rows", holds=lambda h, t: abs(h - t) / t <= 0.001)
        add("row_count_match", {"to": scoped, "where": "region = 'north'", "min": 0.5, "max": 2}, "rows", scope="region = 'north'", holds=lambda h, t: 0.5 <= h / t <= 2)
        for mode in ("exact", "contains", "subset"):
            for types in ("exact", "family"):
                add("schema_match", {"to": other, "mode": mode, "type_mode": types}, "schema", mode=mode, types=types)
        add("schema_match", {"to": other, "type_mode": "family", "ignore_columns": ["note"]}, "schema", mode="subset", types="family")
        for function in ("sum", "count", "min", "max", "mean", "distinct_count"):
            for by in (None, "region"):
                for tolerance in (0, 1e9):
                    params = {"fn": function, "column": "amount", "to": other, "tolerance": tolerance} | ({"by": by} if by else {})
                    add("aggregate_match", params, "aggregate", function=function, by=by, tolerance=tolerance)
        add("aggregate_match", {"fn": "mean", "column": "price", "to": other, "relative": 0.01}, "relative", function="mean", share=0.01)
        add("aggregate_match", {"fn": "mean", "column": "price", "to": other, "relative": 1e-9}, "relative", function="mean", share=1e-9)
        keys = {"keys": "id", "to": other}
        add("dataset_match", keys, "matched", sql=matched(), most=0)
        add("dataset_match", keys | {"tolerance": 1e-3}, "matched", sql=matched(1e-3), most=0)
        add("dataset_match", keys | {"columns": ["day"], "max": 10_000}, "matched", sql=matched(compared=["day"]), most=10_000)
        add("dataset_match", keys | {"ignore_columns": ["amount", "price"], "max_share": 0.5}, "matched", sql=matched(compared=["region", "day"]), share=0.5)
        add("dataset_match", {"keys": "id", "to": other | {"where": "day is not null"}, "max_share": 0.01}, "matched", sql=matched(scope="day is not null"), share=0.01)
        place = other | {"columns": "id"}
        for side in ("left", "right", "both"):
            for least in (1, 0.5):
                add("join_coverage", {"column": "id", "to": place, "side": side, "min": least}, "coverage", side=side, least=least)
        add("join_coverage", {"column": "id", "to": place, "min": 0.5, "cardinality": "n-1"}, "coverage", side="left", least=0.5, broken=["extra_there"])
        add("join_coverage", {"column": "id", "to": place, "min": 0.5, "cardinality": "1-n"}, "coverage", side="left", least=0.5, broken=["extra_here"])
        for measure in ("jaccard", "here_in_there", "there_in_here"):
            for least in (1, 0.5):
                add("key_overlap", {"column": "id", "to": place, "measure": measure, "min": least}, "overlap", measure=measure, least=least)
        add("foreign_key", {"column": "id", "to": place}, "foreign", fails="not in")
        add("foreign_key", {"column": "id", "to": place, "negate": True}, "foreign", fails="in")
        add("foreign_key", {"column": "id", "to": place, "where": "id < 0"}, "foreign", fails="not in", scope="id < 0")
        add("foreign_key", {"column": "region", "to": other | {"columns": "region"}}, "foreign", fails="not in", column="region")
    return told


def make(folder):
    here, there = datasets()
    own = pa.Table.from_pylist([{name: row[name] for name in HERE.names} for row in here], HERE)
    other = pa.Table.from_pylist([{name: row[name] for name in THERE.names} for row in there], THERE)
    (folder / "here").mkdir()
    for part in range(3):
        piece = own.slice(part * 1_001, 1_001 if part < 2 else None)
        pq.write_table(piece, folder / f"here/part-{part}.parquet", row_group_size=400)
    pq.write_table(other, folder / "there.parquet", row_group_size=700)
    with open(folder / "there.csv", "w", encoding="utf-8") as text:
        text.write(",".join(THERE.names) + "\n")
        for row in there:
            cell = lambda name: "" if row[name] is None else '""' if row[name] == "" else str(row[name])
            text.write(",".join(cell(name) for name in THERE.names) + "\n")
    pipeline = {
        "pipeline": "reconciled",
        "sources": {
            "here": {"read": "here/", "checks": [check for check, _ in checks()]},
            "there": {"read": "there.parquet"},
            "text": {"read": "there.csv", "format": "csv", "schema": {"columns": DECLARED}},
        },
        "tables": {"copy": {"from": "here", "write": {"to": "out/"}}},
    }
    (folder / "pipeline.yaml").write_text(yaml.safe_dump(pipeline, allow_unicode=True, sort_keys=False))


def compare(folder, record):
    con = duckdb.connect()
    con.execute(f"create view here as select * from read_parquet('{folder}/here/*.parquet')")
    parquet = f"select *, file_row_number as place from read_parquet('{folder}/there.parquet', file_row_number = true)"
    # An empty field of a CSV file is null, quoted or not.
    sources = {"there": parquet, "text": f"select * replace (nullif(region, '') as region) from ({parquet})"}

    def one(sql):
        found = con.execute(sql)
        return dict(zip([column[0] for column in found.description], found.fetchone()))

    figure = lambda value: value if value is None else float(value)
    verdicts = {check["id"]: check for check in record["checks"]}
    failures, passed = [], {"pass": 0, "fail": 0}

    for check, known in checks():
        (rule, params), = check.items()
        verdict = verdicts[params["id"]]
        observed, told = verdict["observed"], []
        con.execute(f"create or replace view there as {sources[params['to']['source']]}")

        def agree(what, got, wanted, tolerance=0):
            same = got == wanted or (tolerance and got is not None and wanted is not None and abs(float(got) - float(wanted)) <= tolerance * max(abs(float(wanted)), 1e-300))
            if not same:
                told.append(f"{what} is {got!r}, expected {wanted!r}")

        def judged(holds):
            agree("status", verdict["status"], "pass" if holds else "fail")

        if known["kind"] == "rows":
            scope = known.get("scope", "true")
            h, t = (one(f"select count(*) n from {side} where {scope}")["n"] for side in ("here", "there"))
            agree("here", observed["here"], h)
            agree("there", observed["there"], t)
            judged(known["holds"](h, t))
        elif known["kind"] == "schema":
            # Here a column is missing, and exact types are not those there.
            columns_hold = known["mode"] == "subset"
            types_hold = known["types"] == "family"
            judged(columns_hold and types_hold)
        elif known["kind"] == "aggregate":
            rows = con.execute(aggregates(known["function"], "amount", known["by"])).fetchall()
            close = lambda h, t: h is not None and t is not None and abs(h - t) <= known["tolerance"]
            if known["by"]:
                apart = [key for key, h, t, _ in rows if h is None or t is None or h != t]
                beyond = [key for key, h, t, _ in rows if not close(h, t)]
                agree("keys", observed["keys"], len(rows))
                agree("differing", observed["differing"], len(apart))
                agree("failed", observed["failed"], len(beyond))
                agree("keys that differ", {entry["key"]["region"] for entry in observed["differences"]}, set(apart))
                found = {key: (h, t) for key, h, t, _ in rows}
                for entry in observed["differences"]:
                    h, t = found[entry["key"]["region"]]
                    agree("a figure here", figure(entry["here"]), h, 1e-12)
                    agree("a figure there", figure(entry["there"]), t, 1e-12)
                judged(not beyond)
            else:
                (_, h, t, _), = rows
                agree("here", figure(observed["here"]), h, 1e-12)
                agree("there", figure(observed["there"]), t, 1e-12)
                agree("difference", figure(observed["difference"]), abs(h - t), 1e-9)
                judged(close(h, t))
        elif known["kind"] == "relative":
            (_, h, t, _), = con.execute(aggregates(known["function"], "price", None)).fetchall()
            share = abs(h - t) / abs(t)
            agree("difference", observed["difference"], share, 1e-6)
            judged(share <= known["share"])
        elif known["kind"] == "matched":
            wanted = one(known["sql"])
            columns = {name[2:]: count for name, count in wanted.items() if name.startswith("d_") and count}
            counts = {name: count for name, count in wanted.items() if not name.startswith("d_")}
            failed = sum(counts.values())
            for name, count in (counts | {"failed": failed, "columns": columns}).items():
                agree(name, observed[name], count)
            evaluated = one("select count(*) n from here")["n"] + counts["only_there"]
            agree("n_evaluated", verdict["n_evaluated"], evaluated)
            agree("n_failed", verdict["n_failed"], failed)
            judged(failed / evaluated <= known["share"] if "share" in known else failed <= known["most"])
        elif known["kind"] == "coverage":
            # A null key joins nothing.
            wanted = one("""
                with keys as (select h.id, h.n as h, t.n as t from (select id, count(*) n from here group by id) h
                              join (select id, count(*) n from there group by id) t on h.id = t.id)
                select sum(h) here, sum(t) there, sum(h - 1) extra_here, sum(t - 1) extra_there,
                       (select count(*) from here) rows_here, (select count(*) from there) rows_there from keys""")
            for name in ("here", "there", "extra_here", "extra_there"):
                agree(name, observed[name], wanted[name])
            shares = {"left": wanted["here"] / wanted["rows_here"], "right": wanted["there"] / wanted["rows_there"]}
            share = shares.get(known["side"], min(shares.values()))
            agree("share", observed["share"], share, 1e-15)
            judged(share >= known["least"] and not any(wanted[name] for name in known.get("broken", [])))
        elif known["kind"] == "overlap":
            wanted = one("""
                with h as (select distinct id from here where id is not null), t as (select distinct id from there where id is not null)
                select (select count(*) from h join t using (id)) shared, (select count(*) from h anti join t using (id)) only_here,
                       (select count(*) from t anti join h using (id)) only_there""")
            for name, count in wanted.items():
                agree(name, observed[name], count)
            shared, only_here, only_there = wanted.values()
            of = {"jaccard": shared + only_here + only_there, "here_in_there": shared + only_here, "there_in_here": shared + only_there}[known["measure"]]
            agree("overlap", observed["overlap"], shared / of, 1e-15)
            judged(shared / of >= known["least"])
        else:
            column, scope = known.get("column", "id"), known.get("scope", "true")
            keys = f"(select {column} from there where {column} is not null)"
            wanted = one(f"select count(*) n, count(*) filter ({column} {known['fails']} {keys}) failed from here where {column} is not null and {scope}")
            agree("n_evaluated", verdict["n_evaluated"], wanted["n"])
            agree("n_failed", verdict["n_failed"], wanted["failed"])
            agree("status", verdict["status"], "skipped" if wanted["n"] == 0 else "fail" if wanted["failed"] else "pass")
        passed[verdict["status"]] = passed.get(verdict["status"], 0) + 1
        failures += [f"{params['id']} {rule} {params}: {what}" for what in told]
    if failures:
        sys.exit("\n".join(failures))
    print(f"{len(verdicts)} checks agree: {passed}")


if __name__ == "__main__":
    folder = Path(sys.argv[2])
    make(folder) if sys.argv[1] == "make" else compare(folder, json.load(open(sys.argv[3])))
