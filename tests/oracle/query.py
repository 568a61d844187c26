"""Prints the rows of a query of DuckDB's as JSON, dates and decimals as text.

usage: query.py SQL
"""

import json
import sys

import duckdb

duckdb.execute("set timezone = 'UTC'")
found = duckdb.execute(sys.argv[1])
names = [column[0] for column in found.description]
plain = (bool, int, float, str, list, dict, type(None))
rows = [{name: value if isinstance(value, plain) else str(value) for name, value in zip(names, row)} for row in found.fetchall()]
print(json.dumps(rows))
