"""A client of the Open Inference Protocol in the standard library alone: it sends no Content-Type, like tritonclient."""

import http.client
import json
import sys

host, port, model = sys.argv[1], int(sys.argv[2]), sys.argv[3]
connection = http.client.HTTPConnection(host, port, timeout=20)


def call(method: str, path: str, body: dict | None = None) -> tuple[int, dict]:
    connection.request(method, path, None if body is None else json.dumps(body).encode())
    response = connection.getresponse()
    return response.status, json.loads(response.read())


status, metadata = call("GET", f"/v2/models/{model}")
assert status == 200, metadata
zeros = {"FP32": 0.0, "BYTES": ""}
inputs = [
    {"name": spec["name"], "datatype": spec["datatype"], "shape": [2, 1], "data": [[zeros[spec["datatype"]]]] * 2}
    for spec in metadata["inputs"]
]
status, answer = call("POST", f"/v2/models/{model}/infer", {"id": "from Python", "inputs": inputs})
assert status == 200, answer
assert answer["parameters"] == metadata["parameters"], answer
print(json.dumps(answer))
