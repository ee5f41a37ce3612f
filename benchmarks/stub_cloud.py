"""Just enough of DynamoDB's Scan and S3's multipart upload to feed a part worker from another process.

Pages are made of the same items over and over; what is uploaded is thrown away.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from multiprocessing.connection import Connection
from urllib.parse import parse_qs, urlsplit

PAGE_BYTES = 1_000_000


def item(number: int) -> str:
    """One item of about 1 KB, sparse as a review is."""
    values: dict[str, object] = {
        "id": {"S": f"{number:032x}"},
        "stars": {"N": str(number % 5 + 1)},
        "price": {"N": f"{number % 1000}.{number % 100:02d}"},
        "verified": {"BOOL": number % 3 == 0},
        "text": {"S": f"Bought it {number % 90} days ago, as item {number}. " * 22},
        "tags": {"SS": ["new", f"t{number % 17}"]},
    }
    if number % 7 == 0:
        values["seller"] = {"M": {"name": {"S": "Ann"}, "since": {"N": "2019"}}}
    return json.dumps(values, separators=(",", ":"))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    items_in_segment = 0
    items: tuple[str, ...] = ()

    def do_POST(self) -> None:
        """Answer Scan, or begin an upload."""
        request = self._body()
        if self.headers.get("X-Amz-Target", "").endswith(".Scan"):
            self._send(self._page(json.loads(request)), "application/x-amz-json-1.0")
        else:
            self._send(b"<R><UploadId>u</UploadId></R>", "application/xml")

    def do_PUT(self) -> None:
        """Take a part and forget it."""
        number = parse_qs(urlsplit(self.path).query)["partNumber"][0]
        self._body()
        self._send(b"", "application/xml", ETag=f'"{number}"')

    def log_message(self, *_args: object) -> None:
        """Say nothing."""

    def _page(self, request: dict[str, object]) -> bytes:
        start_key = request.get("ExclusiveStartKey")
        start = int(start_key["id"]["S"]) if isinstance(start_key, dict) else 0
        count = min(len(self.items), int(str(request["Limit"])), self.items_in_segment - start)
        end = start + count
        last = f'"LastEvaluatedKey":{{"id":{{"S":"{end}"}}}},' if end < self.items_in_segment else ""
        listed = ",".join(self.items[:count])
        return (
            f'{{"ConsumedCapacity":{{"CapacityUnits":{count / 8}}},"Count":{count},'
            f'"Items":[{listed}],{last}"ScannedCount":{count}}}'
        ).encode()

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _send(self, body: bytes, kind: str, **headers: str) -> None:
        self.send_response(200)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _serve(items_in_segment: int, ready: "Connection[int, int]") -> None:
    items: list[str] = []
    while sum(map(len, items[-10:])) * len(items) / 10 < PAGE_BYTES:
        items.append(item(len(items)))
    _Handler.items, _Handler.items_in_segment = tuple(items), items_in_segment
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        ready.send(server.server_address[1])
        server.serve_forever()


@contextmanager
def stub_cloud(items_in_segment: int) -> Iterator[str]:
    """The endpoint of a process of its own that serves a segment of so many items."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(items_in_segment, there), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.terminate()
        process.join()
