"""Reaches the object store of a test: makes a bucket, brings files there, compares what is there with a folder.

usage: stores.py make KIND ENDPOINT BUCKET
       stores.py upload KIND ENDPOINT FOLDER BUCKET/PREFIX
       stores.py compare KIND ENDPOINT FOLDER BUCKET/PREFIX
       stores.py list KIND ENDPOINT BUCKET/PREFIX
       stores.py watch KIND ENDPOINT BUCKET/PREFIX WORD

KIND is s3, gs or az.
"""

import sys
import time
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

from pyarrow import fs

# The account that Azurite has unless told otherwise.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def reach(kind, endpoint):
    host = endpoint.removeprefix("http://").split("/")[0]
    if kind == "s3":
        return fs.S3FileSystem(
            access_key="key",
            secret_key="secret",
            endpoint_override=host,
            scheme="http",
            region="us-east-1",
            allow_bucket_creation=True,
        )
    if kind == "gs":
        patience = timedelta(seconds=20)
        return fs.GcsFileSystem(
            anonymous=True, endpoint_override=host, scheme="http", project_id="test", retry_time_limit=patience
        )
    where = {f"{service}_storage_{what}": value for service in ("blob", "dfs") for what, value in (("authority", host), ("scheme", "http"))}
    return fs.AzureFileSystem(ACCOUNT, account_key=KEY, **where)


def make(store, bucket):
    """Makes the bucket, and waits until an object can be written to it and read back."""
    until = time.monotonic() + 60
    while True:
        try:
            store.create_dir(bucket)
            with store.open_output_stream(f"{bucket}/ready") as stream:
                stream.write(b"yes")
            if store.open_input_file(f"{bucket}/ready").read() == b"yes":
                store.delete_file(f"{bucket}/ready")
                return
        except OSError as error:
            if time.monotonic() > until:
                sys.exit(f"no bucket can be made: {error}")
        time.sleep(0.1)


def watch(store, prefix, word):
    """Says that it looks, and then when there is an object below the prefix with the word in its name."""
    print("watching", flush=True)
    while not any(word in path for path in paths(store, prefix)):
        time.sleep(0.01)
    print("there", flush=True)


def upload(store, folder, prefix):
    root = Path(folder)
    for file in sorted(file for file in root.rglob("*") if file.is_file()):
        if "out" not in file.relative_to(root).parts:
            with store.open_output_stream(f"{prefix}/{file.relative_to(root)}") as stream:
                stream.write(file.read_bytes())


def paths(store, prefix):
    found = store.get_file_info(fs.FileSelector(prefix, recursive=True, allow_not_found=True))
    return sorted(info.path for info in found if info.type == fs.FileType.File)


def contents(files):
    """Bytes by folder: file names hold the id of the run, which differs. So does the quarantine's data,
    which names the files that rows come from."""
    found = defaultdict(list)
    for path, data in files:
        if path.endswith(".parquet") and not path.startswith("quarantine"):
            found[str(Path(path).parent)].append(data)
    return {folder: sorted(parts) for folder, parts in found.items()}


def compare(store, folder, prefix):
    root = Path(folder)
    remote = contents((path.removeprefix(prefix + "/"), store.open_input_file(path).read()) for path in paths(store, prefix))
    local = contents((str(file.relative_to(root)), file.read_bytes()) for file in root.rglob("*.parquet"))
    if not local:
        sys.exit("there is nothing to compare with")
    if sorted(local) != sorted(remote):
        sys.exit(f"other folders: {sorted(set(local) ^ set(remote))}")
    different = [name for name in local if local[name] != remote[name]]
    if different:
        sys.exit(f"other bytes in {different}")


action, kind, endpoint, *rest = sys.argv[1:]
store = reach(kind, endpoint)
if action == "make":
    make(store, *rest)
elif action == "upload":
    upload(store, *rest)
elif action == "compare":
    compare(store, *rest)
elif action == "watch":
    watch(store, *rest)
elif action == "list":
    for path in paths(store, *rest):
        print(path)
else:
    sys.exit(__doc__)
