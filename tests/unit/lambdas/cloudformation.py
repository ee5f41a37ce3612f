"""CloudFormation as a custom resource's function meets it: a request, and a URL that waits for the answer."""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


class CloudFormation:
    """The response URL of a request, and what was answered there."""

    def __init__(self) -> None:
        self.answers: list[dict[str, str]] = []
        answers = self.answers

        class Response(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                answers.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nobody reads it."""

        self.server = HTTPServer(("127.0.0.1", 0), Response)

    def request(self, kind: str, **properties: str) -> dict[str, Any]:
        return {
            "RequestType": kind,
            "ResponseURL": f"http://127.0.0.1:{self.server.server_port}/",
            "StackId": "arn:stack",
            "RequestId": "1",
            "LogicalResourceId": "View",
            "ResourceProperties": {"ServiceToken": "arn:function", **properties},
        }
