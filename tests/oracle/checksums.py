"""Rewrites every Parquet file below a folder with a checksum on each page.

usage: checksums.py FOLDER
"""

import sys
from pathlib import Path

from pyarrow import parquet

for file in Path(sys.argv[1]).rglob("*.parquet"):
    table = parquet.ParquetFile(file).read()
    parquet.write_table(table, file, write_page_checksum=True, compression="none")
