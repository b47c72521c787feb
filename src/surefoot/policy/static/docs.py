"""Writes docs/check.md from the rules: `python -m surefoot.policy.static.docs [--check]`.

For people who work on surefoot; run in the root of the repository.
"""

import os
import sys
from collections.abc import Sequence

from surefoot.config.docs import write_page
from surefoot.policy.static.catalog import FAMILIES
from surefoot.policy.static.rule import Rule

PAGE = os.path.join("docs", "check.md")

_HEAD = """\
<!-- Written by `python -m surefoot.policy.static.docs`; change the declarations instead. -->
# surefoot check

`surefoot check` looks at feature files and Python sources for what makes a suite fail, or pass
without testing anything. It runs and imports nothing of the suite.

```sh
surefoot check                            # behave's own paths, or features/
surefoot check features/steps/job.py      # one file, with all it needs to be judged
surefoot check --format sarif -v --output check.sarif
surefoot check --explain SF204            # what a rule says and why
surefoot check --diff                     # what --fix would change
surefoot run --preflight fail             # check first, and run only what passes
```

It says nothing when nothing is found. Exit code 0: nothing that counts; 6: an error was found (or
with `--strict` a warning); 2: wrong arguments or settings. `--format` is `text`, `json`, `sarif`
(2.1.0; its `fixes` are what `--fix` would do, for an editor to apply) or `github` (annotations in
the log of GitHub and Forgejo).

Directories are checked whole, together with what their step modules import from the project.
A file is judged with the rest of its suite, but only its own findings are told, so that
pre-commit can hand over just what changed:

```yaml
repos:
  - repo: https://example.com/surefoot   # where you get surefoot from
    rev: v0.1.0
    hooks:
      - id: surefoot-check
```

## What it looks at
Without paths: the suite, which is what behave's `paths` or `features/` hold (feature files, step
modules, environment, other Python files there); the modules of the project that these import; and,
for SF404, settings, workflows and scripts that may fix a number of workers. In imported modules it
looks for what harms a suite that runs in parallel (SF2 to SF4), and not for what is only about
steps; the list of rules says which those are.

The rules about faults of Python (SF6) look at the suite alone, unless you name other folders:
`surefoot check features src`. They are a handful that hide failures of steps and hooks. Lint of
the application as a whole is what [ruff](https://docs.astral.sh/ruff/) is for: the B904 and the
bare `except` in a step module are told here, and the like of them in the application by ruff.

## How sure it is
Steps are matched as behave matches them, for the matchers `parse`, `cfparse`, `re`, `re0` and
`cucumber_expressions`, with the types that the sources register, in the order in which behave
loads the modules. What only runs (a pattern that is computed, a converter whose pattern is not
written down, a matcher class of the suite's own) cannot be told: the rules about definitions are
then silent where it matters, and `-v` says why.

## Settings
```toml
[tool.surefoot.check]
ignore = ["SF203"]                   # or names: "sleep-in-step"; or families: "SF2"
severity = { SF104 = "error", unused-step = "warning" }
exclude = ["features/generated/*"]

[[tool.surefoot.guards]]
class = "shop.tiers.TierService"     # fields that need their lock, for SF301 and SF302
fields = ["_hot", "_cold"]
```

[options.md](options.md#check) has all keys. An `error` counts for the exit code, a `warning` is
shown, `info` is shown with `-v`, and `off` is not looked for.

## Suppressing
A comment suppresses a rule, and has to say why; one without a reason is a finding itself.

```python
time.sleep(1)  # surefoot: ignore[SF203] the device needs a second to settle
```

In a feature file it stands on a line of its own, above a step or above the tags and title of a
scenario. `# surefoot: ignore-file[SF104] reason` is about the whole file. A comment that
suppresses nothing is a finding as well.

## Cache and speed
What was scanned is kept in `.surefoot/check/`, by content; `--no-cache` does without.
[Figures](../bench/RESULTS-check.md) of a suite of 15,000 scenarios, from `python -m bench.check`.

## Rules
| code | name | default | what |
|---|---|---|---|
"""


def page() -> str:
    """Return the text of docs/check.md."""
    table = "".join(
        f"| [{rule.code}](#{_anchor(rule)}) | `{rule.name}` | {rule.severity} | {rule.what} |\n"
        for _, rules in FAMILIES
        for rule in rules
    )
    parts = [_HEAD + table]
    for title, rules in FAMILIES:
        parts.append(f"## {title}\n")
        parts += [_section(rule) for rule in rules]
    return "\n".join(parts)


def main(argv: Sequence[str], path: str = PAGE) -> int:
    """Write the page, or with `--check` return 1 when it is not what would be written."""
    return write_page(argv, path, page(), "surefoot.policy.static.docs")


def _anchor(rule: Rule) -> str:
    return f"{rule.code.lower()}-{rule.name}"


def _section(rule: Rule) -> str:
    lines = [f"### {rule.code} {rule.name}", "", f"{rule.what} {rule.why}", ""]
    if rule.bad:
        lines += [f"```{rule.syntax}", rule.bad, "```", ""]
    if rule.good:
        lines += ["Instead:", "", f"```{rule.syntax}", rule.good, "```", ""]
    facts = [f"default: {rule.severity}"]
    if rule.tests_only:
        facts.append("only in the suite itself")
    if rule.fixable:
        facts.append(f"`--fix`: {rule.fixable}")
    return "\n".join([*lines, *(f"- {fact}" for fact in facts), ""])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
