"""Rules that a project names in its settings are asked before the shipped ones."""

import os

import pytest

from surefoot.cli.main import main

_RULES = """[[rule]]
id = "llm-quota"
class = "infrastructure"
any = ["insufficient_quota"]
why = "the account of the language model is empty"
refuted_by = "the same key works elsewhere"
"""


def test_a_project_s_rule_judges(
    tmp_path: os.PathLike[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in {
        "surefoot.toml": '[triage]\nrules = ["own.toml"]\n',
        "own.toml": _RULES,
        "job.log": "calling\nError code: insufficient_quota\n##[error]Process completed with exit"
        " code 1.\n",
    }.items():
        with open(name, "w", encoding="utf-8") as file:
            file.write(content)
    main(["triage", "job.log"])
    out = capsys.readouterr().out
    assert "llm-quota" in out
    assert "infrastructure" in out
