"""The XML API of Google Cloud Storage in front of fake-gcs-server, which writes through the JSON API only.

usage: gcs_xml.py PORT UPSTREAM_PORT

Puts of objects become JSON uploads. Parts of multipart uploads are kept here, unseen, until the upload is
completed; as with the real service, a part but the last has 5 MiB at least, and an upload that is completed
or aborted is gone. Everything else is passed on as it is.
"""

import http.client
import json
import sys
import threading
import uuid
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

PORT, UPSTREAM = int(sys.argv[1]), int(sys.argv[2])
SMALLEST_PART = 5 << 20
# Headers that belong to one connection.
HOP = {"host", "content-length", "transfer-encoding", "connection", "date", "server"}

uploads = {}
# Held while a condition is looked at and what it allows is done.
one_at_a_time = threading.Lock()


class Answer(Exception):
    """What is answered instead of going on."""

    def __init__(self, status, body=b"", headers=None):
        self.status, self.body, self.headers = status, body, headers or {}


def failure(status, code):
    return Answer(status, f"<?xml version='1.0'?><Error><Code>{code}</Code></Error>".encode())


def upstream(method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", UPSTREAM)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.getheaders()
    finally:
        connection.close()


def insert(bucket, key, data, content_type, generation):
    """Puts an object, and returns what the JSON API says of it."""
    boundary = uuid.uuid4().hex
    about = json.dumps({"name": key, "contentType": content_type})
    body = b"".join(
        [
            f"--{boundary}\r\nContent-Type: application/json\r\n\r\n{about}\r\n".encode(),
            f"--{boundary}\r\nContent-Type: {content_type}\r\n\r\n".encode(),
            data,
            f"\r\n--{boundary}--\r\n".encode(),
        ]
    )
    condition = "" if generation is None else f"&ifGenerationMatch={generation}"
    path = f"/upload/storage/v1/b/{bucket}/o?uploadType=multipart{condition}"
    headers = {"Content-Type": f"multipart/related; boundary={boundary}"}
    with one_at_a_time:
        status, answer, _ = upstream("POST", path, body, headers)
    if status == 412:
        raise failure(412, "PreconditionFailed")
    if status != 200:
        raise Answer(status, answer)
    return json.loads(answer)


def begin(bucket, key):
    upload = uuid.uuid4().hex
    uploads[upload] = {}
    raise Answer(
        200,
        f"<InitiateMultipartUploadResult><Bucket>{bucket}</Bucket><Key>{escape(key)}</Key>"
        f"<UploadId>{upload}</UploadId></InitiateMultipartUploadResult>".encode(),
    )


def put_part(upload, number, data):
    if upload not in uploads:
        raise failure(404, "NoSuchUpload")
    etag = f'"{md5(data).hexdigest()}"'
    uploads[upload][number] = (etag, data)
    raise Answer(200, b"", {"ETag": etag})


def complete(bucket, key, upload, asked):
    if upload not in uploads:
        raise failure(404, "NoSuchUpload")
    parts = []
    for part in ElementTree.fromstring(asked):
        stored, data = uploads[upload].get(int(part.findtext("PartNumber")), (None, b""))
        if stored != part.findtext("ETag"):
            raise failure(400, "InvalidPart")
        parts.append(data)
    if not parts:
        raise failure(400, "MalformedXML")
    if any(len(part) < SMALLEST_PART for part in parts[:-1]):
        raise failure(400, "EntityTooSmall")
    made = insert(bucket, key, b"".join(parts), "application/octet-stream", None)
    uploads.pop(upload, None)
    raise Answer(
        200,
        f"<CompleteMultipartUploadResult><Bucket>{bucket}</Bucket><Key>{escape(key)}</Key>"
        f'<ETag>"{made["etag"]}"</ETag></CompleteMultipartUploadResult>'.encode(),
        {"x-goog-generation": made["generation"]},
    )


def abort(upload):
    if uploads.pop(upload, None) is None:
        raise failure(404, "NoSuchUpload")
    raise Answer(204)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def handle_one(self):
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query, keep_blank_values=True).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        bucket, _, key = address.path[1:].partition("/")
        key = unquote(key)
        json_api = address.path.startswith(("/storage/", "/upload/", "/download/", "/_internal/"))
        upload = query.get("uploadId")
        if not json_api and self.command == "POST" and "uploads" in query:
            begin(bucket, key)
        if not json_api and self.command == "PUT" and upload:
            put_part(upload, int(query["partNumber"]), body)
        if not json_api and self.command == "POST" and upload:
            complete(bucket, key, upload, body)
        if not json_api and self.command == "DELETE" and upload:
            abort(upload)
        if not json_api and self.command == "PUT" and key:
            content_type = self.headers.get("Content-Type") or "application/octet-stream"
            generation = self.headers.get("x-goog-if-generation-match")
            made = insert(bucket, key, body, content_type, generation)
            raise Answer(200, b"", {"ETag": f'"{made["etag"]}"', "x-goog-generation": made["generation"]})
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
        status, answer, found = upstream(self.command, self.path, body or None, headers)
        if not json_api and not key and status >= 400:
            raise failure(404, "NoSuchBucket")
        passed = {name: value for name, value in found if name.lower() not in HOP - {"content-length"}}
        raise Answer(status, answer, passed)

    def answer(self):
        try:
            self.handle_one()
        except Answer as answer:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if "content-length" not in {name.lower() for name in answer.headers}:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


Server(("127.0.0.1", PORT), Handler).serve_forever()
