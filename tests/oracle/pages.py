"""Writes Parquet files of many small pages, one for each codec and way of encoding.

usage: pages.py FOLDER
"""

import sys
from datetime import datetime, timedelta, timezone

import pyarrow as pa
import pyarrow.parquet as pq

rows = range(300)
table = pa.table(
    {
        "id": pa.array(rows, pa.int64()),
        "n": pa.array([None if row % 7 == 0 else row % 50 for row in rows], pa.int32()),
        "word": pa.array([None if row % 11 == 0 else ["ash", "birch", "çedar"][row % 3] for row in rows]),
        "long": pa.array([f"{row * 7919 % 1000:04}-{'x' * (row % 17)}" for row in rows]),
        "ok": pa.array([row % 3 == 0 for row in rows]),
        "share": pa.array([row / 7 for row in rows], pa.float64()),
        "at": pa.array([datetime(2024, 1, 1, tzinfo=timezone.utc) + timedelta(hours=row) for row in rows]),
        "tags": pa.array([None if row % 5 == 0 else ["a"] * (row % 4) for row in rows], pa.list_(pa.string())),
    }
)

small = {"row_group_size": 150, "data_page_size": 100, "write_batch_size": 25, "write_page_index": True}
for codec in ["none", "snappy", "gzip", "zstd", "lz4", "brotli"]:
    pq.write_table(table, f"{sys.argv[1]}/{codec}.parquet", compression=codec, **small)
pq.write_table(table, f"{sys.argv[1]}/checked.parquet", write_page_checksum=True, **small)
pq.write_table(
    table,
    f"{sys.argv[1]}/second.parquet",
    data_page_version="2.0",
    use_dictionary=["word"],
    column_encoding={"id": "DELTA_BINARY_PACKED", "long": "DELTA_BYTE_ARRAY", "share": "BYTE_STREAM_SPLIT"},
    **small,
)
