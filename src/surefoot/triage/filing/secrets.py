"""Masks secrets in text before it is written anywhere. Pure; knows no file and no forge.

What is masked: tokens of known forms, private keys, passwords in URLs, values of headers and of
secret-looking names, long random text, and the literal values that the caller names (its own
credentials). Masking too much costs a reader a value; masking too little costs a key, so
doubtful cases are masked.

Every quantifier is bounded, so the time is linear in the text.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping

MASK = "***"

_FORMS = re.compile(
    r"\b(?:gh[pousr]_[A-Za-z0-9]{16,255}|github_pat_[A-Za-z0-9_]{20,255}"
    r"|gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|oas)-[A-Za-z0-9_.=-]{16,255}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,255}|xapp-[A-Za-z0-9-]{10,255}"
    r"|(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{30,50}|ya29\.[A-Za-z0-9_-]{20,500}"
    r"|sk-[A-Za-z0-9_-]{16,255}|[sr]k_(?:live|test)_[A-Za-z0-9]{10,255}"
    r"|whsec_[A-Za-z0-9]{16,100}|npm_[A-Za-z0-9]{30,60}|pypi-[A-Za-z0-9_-]{30,500}"
    r"|hf_[A-Za-z0-9]{20,60}|do[opr]_v1_[a-f0-9]{40,80}|SG\.[A-Za-z0-9_-]{16,40}\.[A-Za-z0-9_-]{16,80}"
    r"|dckr_(?:pat|oat)_[A-Za-z0-9_-]{16,60}|sq0[a-z]{3}-[A-Za-z0-9_-]{20,60}"
    r"|eyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,8000}(?:\.[A-Za-z0-9_-]{0,2000})?)"
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:.{0,20000}?-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|.{0,20000})",
    re.DOTALL,
)
_USERINFO = re.compile(r"(\b[a-zA-Z][a-zA-Z0-9+.-]{1,30}://)[^\s/@'\"<>]{1,500}@")
_HEADER = re.compile(
    r"\b((?:proxy-)?authorization|(?:set-)?cookie|private-token|job-token|deploy-token|x-api-key"
    r"|x-auth-token)(['\"]?\s{0,5}[:=]\s{0,5})[^\r\n]{1,4000}",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(Bearer|Basic) +[A-Za-z0-9._~+/=-]{8,4000}")
_NAMED = re.compile(
    r"((?<![A-Za-z])[A-Za-z0-9_.-]{0,60}?"
    r"(?:passw(?:or)?d|passwd|pwd|passphrase|secret|token|api[_-]?key|access[_-]?key"
    r"|secret[_-]?key|private[_-]?key|signing[_-]?key|encryption[_-]?key|account[_-]?key|credentials?"
    r"|sas|signature)"
    r"[A-Za-z0-9_.-]{0,40}['\"]?)(\s{0,5}(?:=>|:=|[:=])\s{0,5}|=)"
    r"(\"[^\"\r\n]{1,2000}\"|'[^'\r\n]{1,2000}'|[^\s,;&)'\"}\]]{1,2000})",
    re.IGNORECASE,
)
_OPTION = re.compile(
    r"(--?(?:password|passwd|token|secret|api-?key|access-?key)[ =])"
    r"([^\s'\"]{1,500}|\"[^\"]{1,500}\")",
    re.IGNORECASE,
)
_LONG = re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{40,4000}={0,2}(?![A-Za-z0-9+/_=-])")
_ALWAYS = re.compile(r"passw|passwd|pwd|passphrase|secret|private|credential", re.IGNORECASE)
_SECRET_NAME = re.compile(
    r"passw|passwd|pwd|secret|token|key|credential|passphrase|auth", re.IGNORECASE
)
_HARMLESS = frozenset(
    {"true", "false", "none", "null", "undefined", "empty", "yes", "no", "on", "off", "str"}
    | {"string", "int", "bytes", "bool", "redacted", "masked", "optional", "required", "missing"}
    | {"invalid", "expired", "not"}
)
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")


class Redactor:
    """Masks secrets; made once with the literal values that must never be shown."""

    def __init__(self, literals: Iterable[str] = ()) -> None:
        # Longest first: a token that contains another must not leave its rest behind.
        self._literals = sorted({text for text in literals if len(text) >= 6}, key=len)[::-1]
        self.count = 0
        """How many places were masked so far."""

    def __call__(self, text: str) -> str:
        """Return the text with its secrets masked."""
        for literal in self._literals:
            if literal in text:
                self.count += text.count(literal)
                text = text.replace(literal, MASK)
        text = _PRIVATE_KEY.sub(self._whole, text)
        text = _USERINFO.sub(self._userinfo, text)
        text = _HEADER.sub(self._header, text)
        text = _BEARER.sub(self._bearer, text)
        text = _FORMS.sub(self._whole, text)
        text = _OPTION.sub(self._option, text)
        text = _NAMED.sub(self._named, text)
        return _LONG.sub(self._long, text)

    def _masked(self, before: str) -> str:
        self.count += 1
        return before + MASK

    def _whole(self, _: re.Match[str]) -> str:
        return self._masked("")

    def _userinfo(self, found: re.Match[str]) -> str:
        return self._masked(found[1]) + "@"

    def _header(self, found: re.Match[str]) -> str:
        return self._masked(found[1] + found[2])

    def _bearer(self, found: re.Match[str]) -> str:
        return self._masked(found[1] + " ")

    def _option(self, found: re.Match[str]) -> str:
        return found[0] if found[2] == MASK else self._masked(found[1])

    def _named(self, found: re.Match[str]) -> str:
        value = found[3].strip("\"'")
        if value.lower() in _HARMLESS or set(value) <= set("*.xX-_<>[]{}$"):
            return found[0]
        if value.startswith(("${", "$(", "{{", "os.environ", "secrets.")):
            return found[0]
        if _ALWAYS.search(found[1]) is None and not is_random(value, least=8):
            return found[0]
        return self._masked(found[1] + found[2])

    def _long(self, found: re.Match[str]) -> str:
        value = found[0]
        # Digests in hexadecimal tell builds apart and open nothing; paths are words and slashes.
        if _HEX.fullmatch(value) or not is_random(value, least=40):
            return value
        return self._masked("")


def is_random(value: str, least: int) -> bool:
    """Return True for text that no person would type: long, of many characters, mixed."""
    if len(value) < least:
        return False
    kinds = sum(
        (
            any(char.islower() for char in value),
            any(char.isupper() for char in value),
            any(char.isdigit() for char in value),
        )
    )
    return kinds >= 2 and entropy(value) >= (3.0 if least < 40 else 4.3)


def entropy(value: str) -> float:
    """Return Shannon's entropy of a text in bits a character."""
    if not value:
        return 0.0
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values())


def secrets_of(environ: Mapping[str, str]) -> list[str]:
    """Return the values of an environment that have secret-looking names."""
    return [
        value
        for name, value in environ.items()
        if _SECRET_NAME.search(name) and len(value) >= 8 and not os_path_like(value)
    ]


def os_path_like(value: str) -> bool:
    """Return True for a path: `SSH_AUTH_SOCK` and `KEYRING` name places, not secrets."""
    return value.startswith(("/", "./", "~/"))
