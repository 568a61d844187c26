"""Reaches the object store of a test: makes a bucket, brings files there, compares what is there with a folder.

usage: stores.py make KIND ENDPOINT BUCKET
       stores.py upload KIND ENDPOINT FOLDER BUCKET/PREFIX
       stores.py compare KIND ENDPOINT FOLDER BUCKET/PREFIX
       stores.py list KIND ENDPOINT BUCKET/PREFIX
       stores.py watch KIND ENDPOINT BUCKET/PREFIX WORD
       stores.py look KIND ENDPOINT BUCKET/PREFIX DATASET...
       stores.py remove KIND ENDPOINT BUCKET/PREFIX

KIND is s3, gs or az.
"""

import hashlib
import hmac
import json
import sys
import time
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.request import Request, urlopen
from xml.etree import ElementTree

from pyarrow import fs, parquet

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


def look(store, host, prefix, *datasets):
    """What is below the prefix, for a reader who reads every file of the datasets: the digests of their files by
    folder, and whether each says that it is whole; every other object; on S3 the uploads that are not completed; and
    files that the newest run record names and that are gone."""
    kept, told = {}, paths(store, prefix)
    for name in datasets:
        files = [path for path in told if path.startswith(f"{prefix}/{name}/")]
        kept[name] = {"whole": f"{prefix}/{name}/_SUCCESS" in files, "folders": defaultdict(list)}
        for path in files:
            if not path.endswith("/_SUCCESS"):
                parquet.read_table(path, filesystem=store, partitioning=None)
                digest = hashlib.sha256(store.open_input_file(path).read()).hexdigest()
                kept[name]["folders"][str(Path(path).parent).removeprefix(f"{prefix}/{name}/")].append(digest)
    for dataset in kept.values():
        dataset["folders"] = {folder: sorted(digests) for folder, digests in dataset["folders"].items()}
    other = [path for path in told if path.split("/")[len(prefix.split("/"))] not in datasets]
    open_uploads = uploads(host, *prefix.split("/", 1)) if host else []
    gone = sorted(named_last(store, other) - set(told))
    print(json.dumps({"datasets": kept, "other": other, "uploads": open_uploads, "gone": gone}))


def named_last(store, paths):
    """The files that the newest record of a run that published names."""
    records = [json.loads(store.open_input_file(path).read()) for path in paths if path.endswith("/record.json")]
    published = [record for record in records if record["status"].startswith("published")]
    if not published:
        return set()
    newest = max(published, key=lambda record: record["ended_at"])
    outputs = [table["output"] for table in newest["tables"] if table.get("output")]
    return {f"{output['location'].split('://')[1]}/{file['path']}" for output in outputs for file in output["files"]}


def uploads(host, bucket, prefix, key="key", secret="secret", region="us-east-1"):
    """The multipart uploads below the prefix that are not completed, each as its key and its id. PyArrow cannot list
    them; the request is signed as AWS documents (Signature Version 4)."""
    now = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{now[:8]}/{region}/s3/aws4_request"
    empty = hashlib.sha256(b"").hexdigest()
    headers = {"host": host, "x-amz-content-sha256": empty, "x-amz-date": now}
    names = ";".join(headers)
    lines = [f"{name}:{value}" for name, value in headers.items()]
    canonical = "\n".join(["GET", f"/{bucket}", "uploads=", *lines, "", names, empty])
    to_sign = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    signing = f"AWS4{secret}".encode()
    for part in [*scope.split("/"), to_sign]:
        signing = hmac.digest(signing, part.encode(), "sha256")
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signing.hex()}"
    answer = urlopen(Request(f"http://{host}/{bucket}?uploads=", headers=headers)).read()
    space = {"s3": "http://s3.amazonaws.com/doc/2006-03-01/"}
    found = ElementTree.fromstring(answer).findall("s3:Upload", space)
    pairs = [[upload.findtext(name, None, space) for name in ("s3:Key", "s3:UploadId")] for upload in found]
    return [pair for pair in pairs if pair[0].startswith(f"{prefix}/")]


def remove(store, prefix):
    for path in paths(store, prefix):
        store.delete_file(path)


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
elif action == "look":
    look(store, endpoint.removeprefix("http://") if kind == "s3" else None, *rest)
elif action == "remove":
    remove(store, *rest)
elif action == "list":
    for path in paths(store, *rest):
        print(path)
else:
    sys.exit(__doc__)
