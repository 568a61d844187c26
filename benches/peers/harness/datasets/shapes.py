"""Data of awkward shapes, made by arithmetic on row numbers, so that it is the same everywhere."""

from __future__ import annotations

import math
from pathlib import Path

import duckdb

from contenders.shapes import wide_columns

ROWS_WIDE = 250_000
ROWS_PAGES = 1_000_000
ROWS_FACTS = 5_000_000
KEYS_DELIVERED = 1_000_000
ACCOUNTS = 100_000
ROWS_AN_EVENT_FILE = 28_000

PARQUET = "(format parquet, compression snappy, row_group_size 122880)"
# A hash of a whole number and a salt, from 0 to 2³² − 1, and the same from 0 to 1.
MACROS = """
    create macro mixed(x) as xor(x, x >> 15) * 1103515245 % 4294967296;
    create macro h(k, salt) as mixed(mixed((k + salt * 7919) * 2654435761 % 4294967296));
    create macro u(k, salt) as h(k, salt) / 4294967296.0;
"""
WORDS = (
    "account against along another before between billing black board bright broken carry centre change city clear "
    "close cold common country cross custom daily dark deliver differ direct double early east engine every "
    "express fast field final first flat follow foreign former forward frame front general given gold green "
    "ground half hard heavy high hold hour inside island keep kind known large later"
).split()
KINDS = "['CREDIT', 'DEBIT', 'FEE', 'REFUND']"
TEAMS = "['alpha', 'bravo', 'charlie', 'delta', 'echo', 'foxtrot', 'golf', 'hotel']"


def write(
    connection: duckdb.DuckDBPyConnection, folder: Path, select: str, days: int, files: int = 1
) -> None:
    """Writes rows of `range` in daily partitions; the row number decides day and file."""
    for day in range(days):
        partition = folder / f"created_at=2024-03-{day + 1:02}"
        partition.mkdir()
        for file in range(files):
            part = f"{select} where k % {days} = {day} and (k // {days}) % {files} = {file}"
            connection.execute(f"copy ({part}) to '{partition}/part-{file}.parquet' {PARQUET}")


def wide(connection: duckdb.DuckDBPyConnection, folder: Path, scale: float) -> None:
    """300 columns; one row in a hundred comes twice."""
    connection.execute(MACROS)
    columns = ["k as id"]
    for salt, name in enumerate(wide_columns("i"), 1):
        columns.append(f"case when u(k, {salt}) >= 0.02 then (h(k, {salt}) % 1000000)::int end as {name}")
    for salt, name in enumerate(wide_columns("d"), 200):
        columns.append(f"round(u(k, {salt}) * 1100 - 50, 2) as {name}")
    for salt, name in enumerate(wide_columns("s"), 400):
        word = f"{TEAMS}[1 + h(k, {salt}) % 8] || '-' || h(k, {salt}) % 97"
        columns.append(f"case when h(k, {salt}) % 50 = 0 then '  ' || {word} else {word} end as {name}")
    for salt, name in enumerate(wide_columns("t"), 500):
        columns.append(f"date '2020-01-01' + (h(k, {salt}) % 1500)::int as {name}")
    rows = int(ROWS_WIDE * scale)
    numbers = f"(select range as k from range({rows}) union all select range * 100 from range({rows // 100}))"
    write(connection, folder, f"select {', '.join(columns)} from {numbers}", days=4)


def pages(connection: duckdb.DuckDBPyConnection, folder: Path, scale: float) -> None:
    """Texts of 300 characters, and keys that are texts; one row in a hundred comes twice."""
    connection.execute(MACROS)
    words = "[" + ", ".join(f"'{word}'" for word in WORDS) + "]"
    connection.execute(
        f"""create macro text(k, salt, n) as
        array_to_string(list_transform(range(n), lambda i: {words}[1 + h(k * 64 + i, salt) % {len(WORDS)}]), ' ')"""
    )
    select = """select
        'https://host' || h(k, 1) % 5000 || '.example.org/' || text(k, 2, 1) || '/' || md5(k::varchar) as url,
        case when h(k, 3) % 40 = 0 then upper(text(k, 4, 1)) else text(k, 4, 1) end
            || '.' || h(k, 5) % 100000 || '@mail' || h(k, 6) % 300 || '.example.org' as email,
        md5((h(k, 7) % 700000)::varchar) as session,
        case when h(k, 8) % 50 = 0 then '  ' else '' end || text(k, 9, 7) as title,
        case when h(k, 10) % 100 > 0 then text(k, 11, 48) end as body
    """
    rows = int(ROWS_PAGES * scale)
    numbers = f"(select range as k from range({rows}) union all select range * 100 from range({rows // 100}))"
    write(connection, folder, f"{select} from {numbers}", days=4)


def events(connection: duckdb.DuckDBPyConnection, folder: Path, files: float) -> None:
    """So many files of about 1 MB, a hundred a day at most."""
    connection.execute(MACROS)
    days = min(20, int(files))
    each = math.ceil(files / days)
    select = f"""select k as id, h(k, 1) % 200000 as account, {KINDS}[1 + h(k, 2) % 4] as kind,
        round(u(k, 3) * 10000, 2) as amount, timestamp '2024-01-01' + to_seconds(h(k, 4) % 5000000) as happened,
        'ref ' || h(k, 5) as note"""
    number = 0
    for day in range(days):
        partition = folder / f"created_at=2024-03-{day + 1:02}"
        partition.mkdir()
        for file in range(each):
            if number == int(files):
                return
            first = number * ROWS_AN_EVENT_FILE
            rows = f"(select range as k from range({first}, {first + ROWS_AN_EVENT_FILE}))"
            connection.execute(
                f"copy ({select} from {rows}) to '{partition}/part-{file:03}.parquet' {PARQUET}"
            )
            number += 1


def facts(connection: duckdb.DuckDBPyConnection, folder: Path, scale: float) -> None:
    """Half of the rows have one account, a quarter another; the rest thin out. A few have none."""
    connection.execute(MACROS)
    select = f"""select k as id,
        case when h(k, 1) % 200 = 0 then null when u(k, 2) < 0.5 then 1 when u(k, 2) < 0.75 then 2
             else 3 + floor(power(u(k, 3), 3) * {ACCOUNTS - 3})::bigint end as account,
        round(u(k, 4) * 1000, 2) as amount, 'note ' || h(k, 5) as note
        from (select range as k from range({int(ROWS_FACTS * scale)}))"""
    write(connection, folder, select, days=7)


def accounts(connection: duckdb.DuckDBPyConnection, folder: Path, _: float) -> None:
    connection.execute(MACROS)
    select = f"""select k + 1 as account, {TEAMS}[1 + h(k, 1) % 8] as segment, 'region ' || h(k, 2) % 50 as region
        from (select range as k from range({ACCOUNTS}))"""
    connection.execute(f"copy ({select}) to '{folder}/part-0.parquet' {PARQUET}")


def deliveries(connection: duckdb.DuckDBPyConnection, folder: Path, scale: float) -> None:
    """Every row four times, each time in another file and another order."""
    connection.execute(MACROS)
    keys = int(KEYS_DELIVERED * scale)
    for day in range(2):
        partition = folder / f"created_at=2024-03-{day + 1:02}"
        partition.mkdir()
        for delivery in range(4):
            select = f"""select k // 5 as id, (k % 5)::int as line, h(k, 1) % 200000 as account,
                round(u(k, 2) * 1000, 2) as amount, 'note ' || h(k, 3) as note
                from (select range as k from range({keys})) where k % 2 = {day} order by h(k, {delivery + 10}), k"""
            connection.execute(f"copy ({select}) to '{partition}/part-{delivery}.parquet' {PARQUET}")
