"""Brings files to the S3 server of a test, and compares what is there with a folder.

usage: s3.py upload ENDPOINT FOLDER BUCKET/PREFIX
       s3.py compare ENDPOINT FOLDER BUCKET/PREFIX
"""

import sys
from collections import defaultdict
from pathlib import Path

from pyarrow import fs

action, endpoint, folder, prefix = sys.argv[1:]
store = fs.S3FileSystem(
    access_key="key", secret_key="secret", endpoint_override=endpoint.removeprefix("http://"), scheme="http", region="us-east-1"
)
root = Path(folder)


def contents(paths):
    """Bytes by folder: file names hold the id of the run, which differs."""
    found = defaultdict(list)
    for path, data in paths:
        found[str(Path(path).parent)].append(data)
    return {name: sorted(parts) for name, parts in found.items()}


if action == "upload":
    for file in sorted(root.rglob("*.parquet")):
        if "out" in file.relative_to(root).parts:
            continue
        with store.open_output_stream(f"{prefix}/{file.relative_to(root)}") as stream:
            stream.write(file.read_bytes())
else:
    selector = fs.FileSelector(prefix, recursive=True)
    remote = [info.path for info in store.get_file_info(selector) if info.path.endswith(".parquet")]
    remote = contents((path.removeprefix(prefix + "/"), store.open_input_file(path).read()) for path in remote)
    local = contents((str(file.relative_to(root)), file.read_bytes()) for file in root.rglob("*.parquet"))
    local = {k: v for k, v in local.items() if not k.startswith("quarantine")}
    remote = {k: v for k, v in remote.items() if not k.startswith("quarantine")}
    if sorted(local) != sorted(remote):
        sys.exit(f"other folders: {sorted(set(local) ^ set(remote))}")
    different = [name for name in local if local[name] != remote[name]]
    if different:
        sys.exit(f"other bytes in {different}")
    open_uploads = [name for name in local if not local[name]]
    print(f"{len(local)} folders, same bytes", open_uploads)
