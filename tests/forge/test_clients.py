"""The pretended server, driven by published clients of each forge: they must understand it."""

import warnings

import httpx
import pytest
from tests.forge.server import TOKEN, serving
from tests.forge.world import NAME, OWNER, RED_LOG, usual


@pytest.mark.parametrize("profile", ["forgejo-7", "forgejo-11", "forgejo-15", "forgejo-next"])
def test_pyforgejo_understands_forgejo(profile: str) -> None:
    from pyforgejo import PyforgejoApi

    world = usual()
    world.file("first", "a body", [])
    with serving(world, profile) as forge, httpx.Client() as http:
        client = PyforgejoApi(
            base_url=f"{forge.url}/api/v1", api_key=f"token {TOKEN}", httpx_client=http
        )
        assert client.miscellaneous.get_version().version == forge.profile.version
        tasks = client.repository.list_action_tasks(OWNER, NAME)
        assert tasks.total_count == 8
        assert tasks.workflow_runs is not None
        assert {(task.run_number, task.name) for task in tasks.workflow_runs} == {
            (number, name) for number in (1, 2, 3, 4) for name in ("lint", "unit_tests")
        }
        (issue,) = client.issue.list_issues(OWNER, NAME, state="all", type="issues")
        assert (issue.number, issue.title, issue.body) == (1, "first", "a body")
        made = client.issue.create_issue(OWNER, NAME, title="second", body="x")
        assert made.number == 2
        assert made.state == "open"
        statuses = client.repository.repo_list_statuses_by_ref(OWNER, NAME, world.runs[1].sha)
        assert {status.context for status in statuses} == {
            "CI / lint (push)",
            "CI / unit_tests (push)",
        }


@pytest.mark.parametrize("profile", ["gitea-1.23", "gitea-1.24", "gitea-1.27"])
def test_py_gitea_understands_gitea(profile: str) -> None:
    from gitea import Gitea, Issue, Repository

    world = usual()
    world.file("first", "a body", [])
    world.file("second", "closed", []).state = "closed"
    with serving(world, profile) as forge:
        client = Gitea(forge.url, TOKEN)
        try:
            assert client.get_version() == forge.profile.version
            repository = Repository.request(client, OWNER, NAME)
            assert repository.get_full_name() == f"{OWNER}/{NAME}"
            issues = {issue.title: issue.state for issue in repository.get_issues()}
            assert issues == {"first": "open", "second": "closed"}
            assert Issue.request(client, OWNER, NAME, "1").body == "a body"
        finally:
            client.requests.close()


def test_pygithub_understands_github() -> None:
    from github import Auth, Github

    world = usual()
    world.file("first", "a body", ["flaky"])
    with serving(world, "github") as forge:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            client = Github(base_url=f"{forge.url}/api/v3", auth=Auth.Token(TOKEN), retry=None)
        repository = client.get_repo(f"{OWNER}/{NAME}")
        runs = list(repository.get_workflow_runs())
        assert [(run.id, run.run_number, run.conclusion) for run in runs] == [
            (5004, 4, "failure"),
            (5003, 3, "success"),
            (5002, 2, "failure"),
            (5001, 1, "success"),
        ]
        jobs = {job.name: job for job in runs[0].jobs()}
        assert jobs["unit_tests"].conclusion == "failure"
        assert jobs["unit_tests"].logs_url().endswith("/blobs/9041")
        assert [item.name for item in runs[0].get_artifacts()] == ["ci-logs-unit_tests", "coverage"]
        (issue,) = list(repository.get_issues(state="all"))
        assert (issue.title, issue.body, issue.labels[0].name) == ("first", "a body", "flaky")
        assert repository.create_issue("second", "x").number == 2
        issue.edit(state="closed")
        assert world.issues[0].state == "closed"
        client.close()


def test_python_gitlab_understands_gitlab() -> None:
    from gitlab import Gitlab

    world = usual()
    world.file("first", "a body", ["flaky"])
    with serving(world, "gitlab") as forge, Gitlab(forge.url, private_token=TOKEN) as client:
        assert client.version()[0] == forge.profile.version
        project = client.projects.get(f"{OWNER}/{NAME}")
        pipelines = project.pipelines.list(get_all=True)
        assert [(item.id, item.iid, item.status) for item in pipelines][:2] == [
            (5004, 4, "failed"),
            (5003, 3, "success"),
        ]
        jobs = {job.name: job for job in pipelines[0].jobs.list(get_all=True)}
        assert project.jobs.get(jobs["unit_tests"].id).trace() == RED_LOG
        (issue,) = project.issues.list(get_all=True)
        assert (issue.iid, issue.title, issue.description) == (1, "first", "a body")
        assert project.issues.create({"title": "second", "description": "x"}).iid == 2
        issue.state_event = "close"
        issue.save()
        assert world.issues[0].state == "closed"
