"""The issue that a cause would become: title, body, marker, rules, digest. Sends nothing."""

import hashlib
import secrets

import msgspec

from surefoot.report import markdown
from surefoot.triage import report_markdown
from surefoot.triage.filing.marker import Marker, digest_section, rules_block
from surefoot.triage.forges.values import Issue
from surefoot.triage.model import Analysis, Cluster
from surefoot.triage.report import Facts, build, moment, rate_text


class Draft(msgspec.Struct, frozen=True):
    """An issue as it would be sent."""

    title: str
    body: str
    marker: Marker
    labels: tuple[str, ...] = ()


def state_of(cluster: Cluster) -> str:
    """Return a digest of what an issue's digest section shows: class and occurrences.

    The same logs give the same state, so that a second run over them writes nothing.
    """
    facts = [cluster.judgement.failure_class.value, *sorted(set(cluster.logs))]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]


def fields_of(cluster: Cluster, analysis: Analysis) -> dict[str, tuple[str, ...]]:
    """Return what rules of issues may ask for."""
    return {
        "kind": (cluster.kind.value,),
        "subject": (cluster.subject,),
        "exception": (cluster.exception.rpartition(".")[2],),
        "message": (cluster.message,),
        "frame": (cluster.frame,),
        "file": cluster.files,
        "job": jobs_of(cluster, analysis),
    }


def jobs_of(cluster: Cluster, analysis: Analysis) -> tuple[str, ...]:
    """Return the jobs that a cluster occurred in."""
    names = set(cluster.logs)
    found = [item.log.job for item in analysis.logs if item.log.name in names and item.log.job]
    return tuple(dict.fromkeys(found))


def title_of(cluster: Cluster) -> str:
    """Return the title of a cluster's issue: class, subject, exception."""
    what = cluster.subject or cluster.message or "failure"
    end = cluster.exception.rpartition(".")[2]
    text = f"{cluster.judgement.failure_class.value.capitalize()}: {what}"
    return f"{text} ({end})" if end and end not in text else text


def digest_text(cluster: Cluster, analysis: Analysis) -> str:
    """Return the digest: how often, where, since when, out of how many."""
    logs = [item.log for item in analysis.logs if item.log.name in set(cluster.logs)]
    times = [log.started for log in logs if log.started is not None]
    branches = dict.fromkeys(log.branch for log in logs if log.branch)
    rows = [
        ("class", cluster.judgement.failure_class.value),
        ("occurrences", f"{len(cluster.occurrences)} in {len(cluster.logs)} logs"),
        ("jobs", ", ".join(jobs_of(cluster, analysis)) or "unknown"),
        ("branches", ", ".join(branches) or "unknown"),
        ("first seen", moment(min(times)) if times else "unknown"),
        ("last seen", moment(max(times)) if times else "unknown"),
    ]
    overall = next((rate for rate in analysis.rates if rate.what == "all" and rate.n), None)
    if overall is not None:
        rows.append(("sample", rate_text(overall)))
    lines = [f"| {name} | {markdown.cell(text, 400)} |" for name, text in rows]
    return "\n".join(["| | |", "|---|---|", *lines])


def draft(
    cluster: Cluster,
    analysis: Analysis,
    facts: Facts,
    labels: tuple[str, ...],
    regression_of: Issue | None = None,
) -> Draft:
    """Return the issue for a cluster."""
    marker = Marker(cluster.fingerprint, cluster.aliases, state_of(cluster), secrets.token_hex(8))
    fields = {
        name: tuple(facts.redact(value) for value in values)
        for name, values in fields_of(cluster, analysis).items()
    }
    title = title_of(cluster)
    if regression_of is not None:
        title = f"Back again: {title}"
    head = []
    if regression_of is not None:
        head.append(
            f"Regression of #{regression_of.number}, which was closed and has the same cause."
        )
    tail = "\n\n".join(
        [
            "## Digest",
            digest_section(facts.redact(digest_text(cluster, analysis))),
            "## Rules",
            rules_block(fields),
            marker.text(),
        ]
    )
    room = report_markdown.MAX_BODY - len(tail) - 500
    body = report_markdown.render_body(build(analysis, facts, cluster), room)
    whole = "\n\n".join([*head, body, tail]) + "\n"
    return Draft(markdown.title(facts.redact(title)), whole, marker, labels)
