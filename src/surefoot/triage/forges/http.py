"""HTTP to one forge: credentials, redirects, rate limits, paging, streams. Knows no API.

Credentials go to the origin that they were given for and to no other: redirects are followed
here, by hand, and without them as soon as host, port or scheme differ. Nothing is ever logged.
A server that asks to wait is waited for within a budget; what it cannot do is an error that says
so, and only `UnreachableError` means that nothing at all can be had.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from surefoot import __version__
from surefoot.errors import SurefootError, UserError
from surefoot.exitcodes import ExitCode

if TYPE_CHECKING:
    import httpx

MAX_JSON = 64 << 20
"""Bytes of one JSON answer; a larger one is refused."""
MAX_REDIRECTS = 5
MAX_PAGES = 2000
_TRIES = 3
_LONGEST_WAIT = 120.0
_WAIT_BUDGET = 600.0


class ForgeError(SurefootError):
    """A forge did not give what was asked for; the message says what and why."""

    exit_code = ExitCode.ENVIRONMENT


class UnreachableError(ForgeError):
    """No answer: refused connection, unknown host, TLS, time-out, or a server that stays busy."""


class NotOfferedError(ForgeError):
    """The server has no such thing: 404, 405, 410, 501."""


class RefusedError(ForgeError):
    """The server has it and does not give it to us: 401, 403."""


class BadAnswerError(ForgeError):
    """An answer that cannot be read, or an error of the server."""


def require_httpx() -> None:
    """Raise UserError with the remedy when httpx is not installed."""
    try:
        import httpx  # noqa: F401
    except ImportError as error:
        raise UserError(
            "reading a forge needs the package httpx, which is not installed; install it with:"
            ' pip install "surefoot[triage]"'
        ) from error


class Answer:
    """A response whose body is still to be read."""

    def __init__(self, response: "httpx.Response") -> None:
        self._response = response
        self.status = response.status_code
        self.headers = response.headers
        length = response.headers.get("content-length", "")
        packed = response.headers.get("content-encoding", "identity") != "identity"
        self.size: int | None = int(length) if length.isdigit() and not packed else None
        self.short = ""
        """Why the body ended before its end, once it was read; empty when it did not."""

    def blocks(self) -> Iterator[bytes]:
        """Yield the body. A transfer that breaks off ends it and is kept as `short`."""
        import httpx

        got = 0
        try:
            # Without a size: the last piece before a break is handed on, not lost in a buffer.
            for block in self._response.iter_bytes():
                got += len(block)
                yield block
        except (httpx.HTTPError, httpx.StreamError) as error:
            whole = f" of {self.size:,}" if self.size else ""
            self.short = f"the transfer broke off after {got:,}{whole} bytes ({_words(error)})"

    def text(self, limit: int = 300) -> str:
        """Return the beginning of the body, for messages."""
        kept = b""
        for block in self.blocks():
            kept += block
            if len(kept) >= limit:
                break
        return " ".join(kept[:limit].decode("utf-8", "replace").split())


class Pages:
    """A paged list: iterate over its pages, then ask whether it was whole."""

    def __init__(
        self,
        http: "Http",
        path: str,
        params: Mapping[str, str | int],
        items: Callable[[Any], Any],
        size: tuple[str, int],
        key: str = "id",
    ) -> None:
        self._http, self._path, self._params = http, path, dict(params)
        self._items, self._size, self._key = items, size, key
        self.total: int | None = None
        self.count = 0
        self.ended = False

    @property
    def problem(self) -> str:
        """Why the list is not whole; empty when it is, or when nobody can tell."""
        if self.ended and self.total is not None and self.count < self.total:
            return f"{self._path} gave {self.count} of {self.total} items"
        return ""

    def __iter__(self) -> Iterator[list[dict[str, Any]]]:
        seen: set[str] = set()
        name, size = self._size
        for number in range(1, MAX_PAGES + 1):
            params = {**self._params, name: size, "page": number}
            headers, value = self._http.json_with_headers(self._path, params)
            listed = self._items(value)
            if not isinstance(listed, list):
                raise BadAnswerError(f"{self._path} gave no list")
            if isinstance(value, dict) and isinstance(value.get("total_count"), int):
                self.total = value["total_count"]
            for header in ("x-total-count", "x-total"):
                if headers.get(header, "").isdigit():
                    self.total = int(headers[header])
            page = [item for item in listed if isinstance(item, dict)]
            # A server that ignores `page` gives the first one for ever.
            fresh = [item for item in page if str(item.get(self._key)) not in seen]
            seen |= {str(item.get(self._key)) for item in fresh}
            self.count += len(fresh)
            if fresh:
                yield fresh
            if not fresh or not self._more(headers, len(listed)):
                break
        self.ended = True

    def _more(self, headers: Mapping[str, str], listed: int) -> bool:
        del listed  # Servers cut the page size without a word: a short page is no last page.
        link = headers.get("link", "")
        if 'rel="next"' in link or headers.get("x-next-page", "").strip():
            return True
        if link or "x-next-page" in headers:
            return False
        return self.total is None or self.count < self.total


class Http:
    """One origin. `token` is a header's name and value, or None."""

    def __init__(
        self,
        base: str,
        token: tuple[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        require_httpx()
        import httpx

        self.base = base.rstrip("/")
        self.origin = origin_of(self.base)
        self.requests = 0
        self.waited = 0.0
        self._token = token
        self._headers = {"User-Agent": f"surefoot/{__version__}", **(headers or {})}
        self._sleep = sleep
        self._client = httpx.Client(
            timeout=httpx.Timeout(timeout, connect=min(timeout, 15.0)),
            follow_redirects=False,
        )
        self._client.headers.clear()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    # -- asking

    def json(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        """Return the JSON that a path answers. Raises ForgeError."""
        return self.json_with_headers(path, params)[1]

    def json_with_headers(
        self, path: str, params: Mapping[str, str | int] | None = None
    ) -> tuple[Mapping[str, str], Any]:
        """Return headers and JSON of a path."""
        with self.open("GET", path, params=params) as answer:
            return answer.headers, self._decode(path, answer)

    def send(self, method: str, path: str, value: Any) -> Any:
        """Send JSON; return the JSON that comes back. A request that may have been served is
        never repeated."""
        with self.open(method, path, body=value) as answer:
            if answer.status == 204:
                return None
            return self._decode(path, answer)

    def pages(
        self,
        path: str,
        params: Mapping[str, str | int],
        *,
        items: Callable[[Any], Any] = lambda value: value,
        size: tuple[str, int] = ("limit", 50),
        key: str = "id",
    ) -> Pages:
        """Return a paged list; `items` finds the list within a page."""
        return Pages(self, path, params, items, size, key)

    @contextmanager
    def open(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Any = None,
    ) -> Iterator[Answer]:
        """Yield the answer to a request once it is a success. Raises ForgeError."""
        response = self._answered(method, self.base + path, params, body)
        try:
            answer = Answer(response)
            if not response.is_success:
                raise _error(method, path, answer)
            yield answer
        finally:
            response.close()

    # -- the way there

    def _answered(
        self, method: str, url: str, params: Mapping[str, str | int] | None, body: Any
    ) -> "httpx.Response":
        tries = limited = 0
        while True:
            try:
                response = self._follow(method, url, params, body)
            except _transport_errors() as error:
                tries += 1
                if method != "GET" or tries >= _TRIES:
                    raise UnreachableError(
                        f"{self.origin} cannot be reached ({_words(error)}); check --url, the"
                        " network and any proxy"
                    ) from error
                self._wait(2.0 ** (tries - 1))
                continue
            if response.status_code in {502, 503, 504} and method == "GET":
                tries += 1
                if tries >= _TRIES:
                    return response
                wait: float | None = _seconds(response.headers, 2.0**tries)
            else:
                limited += 1
                wait = self._asked_to_wait(response, limited)
            if wait is None:
                return response
            response.close()
            self._wait(min(wait, _LONGEST_WAIT))

    def _follow(
        self, method: str, url: str, params: Mapping[str, str | int] | None, body: Any
    ) -> "httpx.Response":
        for _ in range(MAX_REDIRECTS + 1):
            headers = dict(self._headers)
            if self._token is not None and origin_of(url) == self.origin:
                headers[self._token[0]] = self._token[1]
            content = None
            if body is not None:
                content = json.dumps(body).encode()
                headers["Content-Type"] = "application/json"
            request = self._client.build_request(
                method,
                url,
                params=dict(params) if params else None,
                headers=headers,
                content=content,
            )
            self.requests += 1
            response = self._client.send(request, stream=True)
            place = response.headers.get("location", "")
            if response.status_code not in {301, 302, 303, 307, 308} or not place:
                return response
            response.close()
            url, params = urljoin(str(response.url), place), None
            if urlsplit(url).scheme not in {"http", "https"}:
                raise BadAnswerError(f"{self.origin} redirects to something that is not HTTP")
            if self.base.startswith("https:") and not url.startswith("https:"):
                raise BadAnswerError(f"{self.origin} redirects to plain HTTP at {origin_of(url)}")
            if method != "GET":
                # Following would turn a write into a read, and look as if it had been done.
                raise BadAnswerError(
                    f"{self.origin} answers {method} with a redirect to {origin_of(url)}; give"
                    " that as --url"
                )
        raise BadAnswerError(f"{self.origin} redirects more than {MAX_REDIRECTS} times")

    def _asked_to_wait(self, response: "httpx.Response", tries: int) -> float | None:
        """Return seconds that a limit of the rate asks for; None when there is none."""
        status, headers = response.status_code, response.headers
        if status != 429 and not (
            status == 403
            and ("retry-after" in headers or headers.get("x-ratelimit-remaining") == "0")
        ):
            return None
        wait = _seconds(headers, 2.0**tries)
        if wait > _LONGEST_WAIT or self.waited + wait > _WAIT_BUDGET or tries > 8:
            response.close()
            raise UnreachableError(
                f"{self.origin} limits the rate and asks to wait {wait:,.0f} s; try again later,"
                " or give a token, which is allowed more"
            )
        return max(0.5, wait)

    def _wait(self, seconds: float) -> None:
        self.waited += seconds
        self._sleep(seconds)

    def _decode(self, path: str, answer: Answer) -> Any:
        kept = bytearray()
        for block in answer.blocks():
            kept += block
            if len(kept) > MAX_JSON:
                raise BadAnswerError(f"{path} answers with more than {MAX_JSON >> 20} MiB of JSON")
        if answer.short:
            raise BadAnswerError(f"{path}: {answer.short}")
        try:
            return json.loads(kept)
        except (ValueError, RecursionError) as error:
            page = (
                " (a page of HTML: is --url the forge itself?)" if b"<html" in kept[:2000] else ""
            )
            raise BadAnswerError(f"{self.base}{path} does not answer with JSON{page}") from error


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    host = parts.hostname or ""
    shown = "" if port == {"http": 80, "https": 443}.get(parts.scheme) else f":{port}"
    return f"{parts.scheme}://{host}{shown}"


def _error(method: str, path: str, answer: Answer) -> ForgeError:
    said = answer.text(200)
    text = f"{method} {path} answers {answer.status}" + (f": {said}" if said else "")
    if answer.status in {404, 405, 410, 501}:
        return NotOfferedError(text)
    if answer.status in {401, 403, 407}:
        return RefusedError(text)
    return BadAnswerError(text)


def _seconds(headers: Mapping[str, str], default: float) -> float:
    after = headers.get("retry-after", "").strip()
    try:
        return max(0.0, float(after))
    except ValueError:
        pass
    if after:
        from email.utils import parsedate_to_datetime

        try:
            return max(0.0, parsedate_to_datetime(after).timestamp() - time.time())
        except (TypeError, ValueError):
            pass
    reset = headers.get("x-ratelimit-reset", headers.get("ratelimit-reset", ""))
    if reset.isdigit():
        # GitHub names a moment, others a number of seconds.
        left = float(reset)
        return max(0.0, left - time.time() if left > 10**8 else left)
    return default


def _transport_errors() -> tuple[type[Exception], ...]:
    import httpx

    return (httpx.TransportError, httpx.InvalidURL, httpx.DecodingError)


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
