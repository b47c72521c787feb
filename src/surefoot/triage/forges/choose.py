"""From options and environment to a forge. Credentials come from the environment only."""

import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from surefoot.errors import UserError
from surefoot.triage.forges.forge import Forge
from surefoot.triage.forges.gitea import Gitea, check_repo
from surefoot.triage.forges.github import GitHub, api_address
from surefoot.triage.forges.gitlab import GitLab
from surefoot.triage.forges.http import Http, origin_of, require_httpx

KINDS = ("forgejo", "gitea", "github", "gitlab")
ANY = "SUREFOOT_FORGE_TOKEN"
TOKENS = {
    "forgejo": ("FORGEJO_TOKEN",),
    "gitea": ("GITEA_TOKEN",),
    "github": ("GITHUB_TOKEN", "GH_TOKEN"),
    "gitlab": ("GITLAB_TOKEN",),
}
_PUBLIC = {"github": "https://github.com", "gitlab": "https://gitlab.com"}


def token_of(kind: str, url: str, environ: Mapping[str, str]) -> str:
    """Return the token for a forge; empty when there is none.

    A runner's own `GITHUB_TOKEN` is for the server that the runner names, and for no other.
    """
    for name in (ANY, *TOKENS[kind]):
        value = environ.get(name, "").strip()
        if value and not (name == "GITHUB_TOKEN" and _foreign(url, environ)):
            return value
    if kind in {"forgejo", "gitea"} and environ.get("GITHUB_SERVER_URL"):
        value = environ.get("GITHUB_TOKEN", "").strip()
        if value and not _foreign(url, environ):
            return value
    return ""


def choose(
    kind: str,
    url: str,
    repo: str,
    environ: Mapping[str, str],
    *,
    sleep: Callable[[float], None] = time.sleep,
    timeout: float = 30.0,
) -> Forge:
    """Return the forge that options name. Raises UserError."""
    if kind not in KINDS:
        raise UserError(f"--forge {kind} is not known (known: {', '.join(KINDS)})")
    url = (url or _PUBLIC.get(kind, "")).rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UserError(
            f"--url must be the address of the {kind} server, such as https://git.example.org"
        )
    if parts.username or parts.password:
        raise UserError(
            f"--url may hold no credentials; set {ANY} or {TOKENS[kind][0]} in the environment"
        )
    try:
        path = check_repo(repo)
    except ValueError as error:
        raise UserError(f"--repo must be owner/name, not {repo!r}") from error
    require_httpx()
    token = token_of(kind, url, environ)
    if token and (not token.isascii() or any(char.isspace() for char in token)):
        raise UserError(f"the token in the environment ({ANY}, {TOKENS[kind][0]}) is not one word")
    if kind == "github":
        headers = {
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        header = ("Authorization", f"Bearer {token}") if token else None
        api = Http(api_address(url), header, headers=headers, sleep=sleep, timeout=timeout)
        return GitHub(api, path, url)
    if kind == "gitlab":
        header = ("PRIVATE-TOKEN", token) if token else None
        return GitLab(Http(f"{url}/api/v4", header, sleep=sleep, timeout=timeout), repo, url)
    header = ("Authorization", f"token {token}") if token else None
    return Gitea(Http(url, header, sleep=sleep, timeout=timeout), path, kind)


def _foreign(url: str, environ: Mapping[str, str]) -> bool:
    server = environ.get("GITHUB_SERVER_URL", "https://github.com")
    return origin_of(server) != origin_of(url)
