"""A package index on this machine, with one package that is nowhere else."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NAME = "tinywheel"
_FILE = f"{NAME}-1.0-py3-none-any.whl"


class Index:
    """Serves it when it may; until then whoever wants the package waits."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.may.set()
        #: How often the package was wanted.
        self.wanted = 0
        self._wheel = _wheel()
        self._sha256 = hashlib.sha256(self._wheel).hexdigest()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def pin(self) -> str:
        return f"{NAME}==1.0 --hash=sha256:{self._sha256}\n"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/simple"

    def answer(self, path: str, whole: bool) -> tuple[int, str, bytes]:
        if path.endswith(_FILE):
            if whole:
                self.wanted += 1
                self.may.wait()
            return 200, "application/octet-stream", self._wheel
        if path == f"/simple/{NAME}/":
            return 200, "text/html", f'<a href="/{_FILE}#sha256={self._sha256}">{_FILE}</a>'.encode()
        return 404, "text/plain", b"none"

    def close(self) -> None:
        self.may.set()
        self._server.shutdown()
        self._server.server_close()


def _handler(index: Index) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(False)

        def do_GET(self) -> None:
            self._answer(True)

        def _answer(self, whole: bool) -> None:
            status, kind, content = index.answer(self.path, whole)
            try:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if whole:
                    self.wfile.write(content)
            except OSError:
                # Who has asked is gone.
                pass

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _wheel() -> bytes:
    info = f"{NAME}-1.0.dist-info"
    files = {
        f"{NAME}.py": "VERSION = '1.0'\ndef main():\n    import sys\n    print(sys.executable, file=open(sys.argv[1], 'w'))\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{NAME}-where = {NAME}:main\n",
    }
    record = f"{info}/RECORD"
    files[record] = "".join(f"{each},,\n" for each in [*files, record])
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as wheel:
        for name, content in files.items():
            wheel.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), content)
    return made.getvalue()
