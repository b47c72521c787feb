"""An HTTP server on loopback that behaves as a generation of a forge does; faults on request.

Its answers are checked by driving it with published clients of each forge (test_clients.py), so
that what our own code understands is not only what we believe.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.forge.world import World

TOKEN = "t0ken-of-the-tests-41f7"


@dataclass(frozen=True)
class Profile:
    """What one generation has."""

    kind: str
    version: str
    offers: frozenset[str] = frozenset()
    web: str = "token"
    """`token`: pages of logs answer; `session`: they want a browser; `old`: older form."""
    swagger: bool = True


TASKS = frozenset({"tasks"})
GITEA_24 = TASKS | {"job logs", "artefacts", "artefact"}
ALL = GITEA_24 | {"runs", "jobs"}
PROFILES = {
    "forgejo-7": Profile("forgejo", "7.0.14+gitea-1.21.11", TASKS, web="old"),
    "forgejo-11": Profile("forgejo", "11.0.6+gitea-1.22.0", TASKS),
    "forgejo-15": Profile("forgejo", "15.0.2+gitea-1.22.0", TASKS | {"runs"}),
    "forgejo-next": Profile(
        "forgejo", "16.0.0+gitea-1.22.0", TASKS | {"runs", "jobs", "run job logs", "artefacts",
        "artefact"}, web="session",
    ),
    "gitea-1.23": Profile("gitea", "1.23.8", TASKS, web="token"),
    "gitea-1.24": Profile("gitea", "1.24.6", GITEA_24, web="token"),
    "gitea-1.27": Profile("gitea", "1.27.0", ALL, web="session"),
    "github": Profile("github", ""),
    "gitlab": Profile("gitlab", "17.5.1"),
}  # fmt: skip


@dataclass
class Faults:
    """What goes wrong; changed by a test while the server runs."""

    ignore_filters: bool = False
    ignore_paging: bool = False
    page_cap: int = 50
    lose: int = 0
    """Items that lists leave out at the end, while the count stays."""
    busy: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """Answers to the next requests: status and headers."""
    refuse: frozenset[str] = frozenset()
    """Last parts of paths that answer 404."""
    forbid: frozenset[str] = frozenset()
    """Last parts of paths that answer 403."""
    short_logs: int = 0
    """Logs break off after so many bytes."""
    log_redirect: str = ""
    """Where GitHub sends those who ask for a log."""
    broken_archives: bool = False
    barrier: threading.Barrier | None = None
    """Requests that create an issue wait here for each other."""
    no_count: bool = False


class Answer(Exception):
    """A response, thrown from wherever it is known."""

    def __init__(
        self, status: int, value: Any = None, body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(status)
        self.status = status
        self.headers = {"Content-Type": "application/json", **(headers or {})}
        if body is None:
            body = b"" if value is None else json.dumps(value).encode()
        self.body = body
        self.cut = 0


class Forge:
    """A running server."""

    def __init__(self, world: World, profile: Profile) -> None:
        self.world = world
        self.profile = profile
        self.faults = Faults()
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def paths(self) -> list[str]:
        """Return method and path of every request so far."""
        return [f"{method} {path}" for method, path, _ in self.requests]

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        """Answer one request."""
        from tests.forge.gitea_side import gitea
        from tests.forge.github_side import github
        from tests.forge.gitlab_side import gitlab

        self.requests.append((method, target, headers))
        if self.faults.busy:
            status, more = self.faults.busy.pop(0)
            return Answer(status, {"message": "slow down"}, headers=more)
        parts = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        last = parts.path.rpartition("/")[2]
        if last in self.faults.refuse:
            return Answer(404, {"message": "not found"})
        if last in self.faults.forbid:
            return Answer(403, {"message": "forbidden"})
        value = json.loads(body) if body else None
        side = {"forgejo": gitea, "gitea": gitea, "github": github, "gitlab": gitlab}
        call = Call(self, method, parts.path, query, headers, value)
        try:
            side[self.profile.kind](call)
        except Answer as answer:
            return answer
        return Answer(404, {"message": "404 page not found"})


@dataclass
class Call:
    """One request, as a side of the server sees it."""

    forge: Forge
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    value: Any

    @property
    def world(self) -> World:
        """The world."""
        return self.forge.world

    @property
    def faults(self) -> Faults:
        """The faults."""
        return self.forge.faults

    def page(
        self, items: list[Any], size: str, within: str = "", *, count_in_body: bool = False,
        count_header: str = "X-Total-Count", default: int = 30,
    ) -> Answer:  # fmt: skip
        """Return one page of a list, as the forge pages."""
        total = len(items)
        if self.faults.lose:
            items = items[: -self.faults.lose]
        asked = int(self.query.get(size, default))
        limit = max(1, min(asked, self.faults.page_cap))
        number = 1 if self.faults.ignore_paging else int(self.query.get("page", 1))
        part = items[(number - 1) * limit : number * limit]
        headers = {} if self.faults.no_count else {count_header: str(total)}
        more = number * limit < len(items)
        url = f"{self.forge.url}{self.path}?{size}={limit}&page={number + 1}"
        if self.forge.profile.kind == "github":
            headers = (
                {"Link": f'<{url}>; rel="next"'} if more else {"Link": f'<{url}>; rel="first"'}
            )
        if self.forge.profile.kind == "gitlab":
            headers |= {"X-Next-Page": str(number + 1) if more else "", "X-Page": str(number)}
        if within:
            value: Any = {within: part, "total_count": total}
            if not count_in_body or self.faults.no_count:
                del value["total_count"]
        else:
            value = part
        return Answer(200, value, headers=headers)

    def log(self, data: bytes) -> Answer:
        """Return a log as text; one that breaks off when that was asked for."""
        answer = Answer(200, body=data, headers={"Content-Type": "text/plain; charset=utf-8"})
        answer.cut = self.faults.short_logs
        return answer

    def archive(self, data: bytes) -> Answer:
        """Return a zip archive; a damaged one when that was asked for."""
        if self.faults.broken_archives:
            data = data[: len(data) // 2]
        return Answer(200, body=data, headers={"Content-Type": "application/zip"})

    def meet(self) -> None:
        """Wait for the other who creates an issue at the same time."""
        if self.faults.barrier is not None:
            self.faults.barrier.wait(20)


def _handler(forge: Forge) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body are two writes; waiting to join them would cost 40 ms a request.
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else b""
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = forge.answer(self.command, self.path, headers, body)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if answer.cut:
                self.wfile.write(answer.body[: answer.cut])
                self.close_connection = True
                return
            self.wfile.write(answer.body)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def serving(world: World, profile: str, **changes: Any) -> Iterator[Forge]:
    """Run a server of a profile for as long as the block lasts."""
    forge = Forge(world, replace(PROFILES[profile], **changes))
    thread = threading.Thread(
        target=forge.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    try:
        yield forge
    finally:
        forge.server.shutdown()
        forge.server.server_close()
        thread.join(10)
