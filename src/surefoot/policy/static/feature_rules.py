"""Rules about feature files, and about the definitions that their steps need."""

from collections.abc import Iterable, Iterator, Mapping

from surefoot.policy.static.facts import Examples, FeatureFacts, Raw, Scenario, Step
from surefoot.policy.static.loading import Placed, Registry
from surefoot.policy.static.rule import Rule

UNDEFINED = Rule(
    code="SF101",
    name="undefined-step",
    severity="error",
    what="A step has no definition.",
    why="The scenario fails when it comes to the step, after all that came before it has run.",
    bad="When I push the buton",
    good="When I push the button",
    syntax="gherkin",
)
AMBIGUOUS = Rule(
    code="SF102",
    name="ambiguous-step",
    severity="error",
    what="A definition's own text is matched by an earlier definition of the same kind.",
    why="behave raises AmbiguousStep while it loads the step modules: no scenario of the whole"
    " suite runs.",
    bad='@when("I open {what}")\n...\n@when("I open the {door}")',
    good='@when("I open {what:w}")\n...\n@when("I open the {door}")',
)
DUPLICATE = Rule(
    code="SF103",
    name="duplicate-step",
    severity="error",
    what="The same pattern is defined twice for the same kind of step.",
    why="behave raises AmbiguousStep while it loads the step modules: the whole suite ends with"
    " exit code 1 and no summary.",
    bad='@when("the job ends")\ndef a(context): ...\n\n@when("the job ends")\ndef b(context): ...',
    good='@when("the job ends")\ndef a(context): ...',
)
SAME_NAME = Rule(
    code="SF104",
    name="duplicate-scenario-name",
    severity="warning",
    what="Two scenarios of a feature (or of one of its rules) have the same name.",
    why="Reports, histories and `--name` cannot tell them apart: a failure of the one is counted"
    " as a failure of the other.",
    bad="Scenario: It works\n  ...\nScenario: It works",
    good="Scenario: It works for a guest\n  ...\nScenario: It works for a member",
    syntax="gherkin",
)
JUNIT = Rule(
    code="SF105",
    name="junit-collision",
    severity="warning",
    what="Two features, or two scenarios in different rules of one, get the same name in JUnit.",
    why="behave names its JUnit file after the feature's path with dots for slashes: the second"
    " of two that come out alike overwrites the first. Test cases of one name are merged by most"
    " readers.",
    bad="features/shop/basket.feature\nfeatures/shop.basket.feature",
    good="features/shop/basket.feature\nfeatures/shop/basket_totals.feature",
    syntax="text",
)
BAD_PATTERN = Rule(
    code="SF106",
    name="bad-step-pattern",
    severity="error",
    what="A step's pattern is refused by behave's matcher.",
    why="behave leaves the definition out, so that its steps are undefined, or stops loading.",
    bad='use_step_matcher("re")\n\n@when("^I wait$")\ndef _(context): ...',
    good='use_step_matcher("re")\n\n@when("I wait")\ndef _(context): ...',
)
EMPTY_FEATURE = Rule(
    code="SF107",
    name="empty-feature",
    severity="warning",
    what="A feature file without a scenario.",
    why="It looks like coverage and tests nothing.",
    bad="Feature: Refunds",
    good="Feature: Refunds\n  Scenario: A refund of a whole order\n    ...",
    syntax="gherkin",
)
EMPTY_SCENARIO = Rule(
    code="SF108",
    name="empty-scenario",
    severity="warning",
    what="A scenario without a step.",
    why="It passes, and tests nothing.",
    bad="Scenario: A refund of a part",
    good="@wip\nScenario: A refund of a part\n  Given a paid order",
    syntax="gherkin",
)
NO_ROWS = Rule(
    code="SF109",
    name="outline-without-rows",
    severity="warning",
    what="A scenario outline whose examples have no rows.",
    why="It makes no scenario, so that nothing of it runs.",
    bad="Scenario Outline: Buying <what>\n  When I buy <what>",
    good="Scenario Outline: Buying <what>\n  When I buy <what>\n"
    "  Examples:\n    | what |\n    | tea  |",
    syntax="gherkin",
)
NO_COLUMN = Rule(
    code="SF110",
    name="placeholder-without-column",
    severity="info",
    what="A step of an outline has a placeholder that no column of the examples has.",
    why="The step runs with the placeholder's own text.",
    bad="When I buy <waht>\nExamples:\n  | what |\n  | tea  |",
    good="When I buy <what>\nExamples:\n  | what |\n  | tea  |",
    syntax="gherkin",
)
UNUSED = Rule(
    code="SF111",
    name="unused-step",
    severity="info",
    what="No step of the suite has this definition.",
    why="It is loaded in every run, and readers take it for something that is tested.",
    bad='@when("nobody says this")\ndef _(context): ...',
    good="# removed",
)

RULES = (
    UNDEFINED,
    AMBIGUOUS,
    DUPLICATE,
    SAME_NAME,
    JUNIT,
    BAD_PATTERN,
    EMPTY_FEATURE,
    EMPTY_SCENARIO,
    NO_ROWS,
    NO_COLUMN,
    UNUSED,
)

_MAX_HINTS = 20
"""Undefined steps for which a similar pattern is looked for: that takes milliseconds each."""


def shape_findings(facts: FeatureFacts) -> Iterator[Raw]:
    """Yield what is wrong with a feature file by itself."""
    if facts.fault is not None:
        return
    if not facts.scenarios:
        yield Raw(
            "SF107",
            max(1, facts.line),
            "this feature file has no scenario",
            "write one, or remove the file",
        )
    names: dict[tuple[int, str, str], Scenario] = {}
    across: dict[tuple[str, str], Scenario] = {}
    for scenario in facts.scenarios:
        if not scenario.steps and not _has_background(facts, scenario):
            yield Raw(
                "SF108",
                scenario.line,
                f"the scenario {scenario.name!r} has no steps",
                "write them, or tag it @wip and leave it out of the run",
            )
        if scenario.outline and not any(examples.rows for examples in scenario.examples):
            yield Raw(
                "SF109",
                scenario.line,
                f"the outline {scenario.name!r} has no examples",
                "give it an Examples table with rows, or write `Scenario:`",
            )
        yield from _missing_columns(scenario)
        # Names of an outline's scenarios end in the row's id and the examples' name.
        suffix = "/".join(item.name for item in scenario.examples) if scenario.outline else ""
        kind = f"{scenario.outline}{suffix}"
        if not scenario.name or "<" in scenario.name:
            continue
        key = (scenario.rule, scenario.name, kind)
        wide = (scenario.name, kind)
        if key in names:
            yield Raw(
                "SF104",
                scenario.line,
                f"the name {scenario.name!r} is that of line {names[key].line} too",
                "say in the name what sets the two apart",
            )
        elif wide in across:
            yield Raw(
                "SF105",
                scenario.line,
                f"in JUnit the name {scenario.name!r} is that of line {across[wide].line} too,"
                " in another rule",
                "say in the name what sets the two apart",
            )
        names.setdefault(key, scenario)
        across.setdefault(wide, scenario)


def _has_background(facts: FeatureFacts, scenario: Scenario) -> bool:
    rule = facts.rules[scenario.rule].background if scenario.rule >= 0 else None
    return any(item is not None and item.steps for item in (rule, facts.background))


def _missing_columns(scenario: Scenario) -> Iterator[Raw]:
    tables = [examples for examples in scenario.examples if examples.header]
    if not tables:
        return
    columns = {name for examples in tables for name in examples.header}
    for step in scenario.steps:
        _, opened, rest = step.text.partition("<")
        name, closed, _ = rest.partition(">")
        if opened and closed and name.isidentifier() and name not in columns:
            yield Raw(
                "SF110",
                step.line,
                f"no column is named {name!r}: the step runs with the text <{name}>",
                f"columns: {', '.join(sorted(columns))}",
            )


def junit_collisions(features: Mapping[str, str]) -> dict[str, Raw]:
    """Return the files whose JUnit name an earlier one has.

    `features` are files with their path below the suite's directory, in suite order.
    """
    seen: dict[str, str] = {}
    found = {}
    for file, relative in features.items():
        name = relative.rpartition(".")[0].replace("\\", "/").replace("/", ".")
        if name in seen:
            found[file] = Raw(
                "SF105",
                1,
                f"its JUnit file TESTS-{name}.xml is that of {seen[name]} too",
                "rename one of the two files",
            )
        seen.setdefault(name, file)
    return found


def steps_of(facts: FeatureFacts) -> Iterator[Step]:
    """Yield every step that a feature runs, with placeholders filled in for each row."""
    backgrounds = [facts.background, *(rule.background for rule in facts.rules)]
    for background in backgrounds:
        for step in background.steps if background is not None else ():
            if "<" not in step.text:
                yield step
    for scenario in facts.scenarios:
        own = [
            step
            for background in (
                facts.background,
                facts.rules[scenario.rule].background if scenario.rule >= 0 else None,
            )
            if background is not None
            for step in background.steps
            if "<" in step.text
        ]
        if not scenario.outline:
            yield from own
            yield from scenario.steps
            continue
        for step in (*own, *scenario.steps):
            if "<" in step.text and ">" in step.text:
                for text in _filled(step.text, scenario.examples):
                    yield Step(step.line, step.kind, text)
            elif any(examples.rows for examples in scenario.examples):
                yield step


def _filled(text: str, tables: Iterable[Examples]) -> Iterator[str]:
    """Yield a template's text for each row, as behave's ScenarioOutlineBuilder renders it."""
    for number, examples in enumerate(tables, start=1):
        for index, row in enumerate(examples.rows, start=1):
            filled = text
            for name, value in zip(examples.header, row.cells, strict=False):
                filled = filled.replace(f"<{name}>", value)
            if "<" in filled:
                for name, value in (
                    ("examples.name", examples.name),
                    ("examples.index", str(number)),
                    ("row.index", str(index)),
                    ("row.id", f"{number}.{index}"),
                ):
                    filled = filled.replace(f"<{name}>", value)
            yield filled


class StepCheck:
    """Looks up the steps of features in a registry, and remembers which definitions are used."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.used: set[tuple[str, int]] = set()
        self._defined: dict[tuple[str, str], bool] = {}
        self._hints = 0

    def use(self, step: Step) -> bool:
        """Note the definitions that a step has; return whether it may have one."""
        key = (step.kind, step.text)
        defined = self._defined.get(key)
        if defined is None:
            found = self.registry.matching(*key)
            self.used.update((item.file, item.definition.line) for item in found or ())
            defined = self._defined[key] = found is not None or not self.registry.certain(step.kind)
        return defined

    def undefined(self, facts: FeatureFacts) -> Iterator[Raw]:
        """Yield the undefined steps of a feature, each line once."""
        told: set[int] = set()
        for step in steps_of(facts):
            if not self.use(step) and step.line not in told:
                told.add(step.line)
                yield Raw(
                    "SF101",
                    step.line,
                    f"no definition for: {step.kind.capitalize()} {step.text}",
                    self._remedy(step),
                )

    def unused(self) -> Iterator[Placed]:
        """Yield the definitions that no step has had so far."""
        for placed in self.registry.definitions():
            item = placed.definition
            known = item.pattern is not None and placed.matcher is not None and item.plain
            if known and (placed.file, placed.definition.line) not in self.used:
                yield placed

    def _remedy(self, step: Step) -> str:
        for kind in ("given", "when", "then"):
            if kind != step.kind and self.registry.matching(kind, step.text) is not None:
                return f"it is defined for @{kind} only: define it with @{step.kind} or @step too"
        near = self._similar(step)
        if near is not None:
            pattern = near.definition.pattern
            where = f"{self.registry.shown(near.file)}:{near.definition.line}"
            return f"did you mean {pattern!r} ({where})?"
        return f"define it with @{step.kind} in a step module, or mend the text"

    def _similar(self, step: Step) -> Placed | None:
        if self._hints >= _MAX_HINTS:
            return None
        self._hints += 1
        import difflib

        words = set(step.text.split())
        rivals = {
            placed.definition.pattern: placed
            for placed in self.registry.definitions()
            if placed.definition.pattern
            and len(words & set(placed.definition.pattern.split())) * 2 >= len(words)
        }
        near = difflib.get_close_matches(step.text, [key for key in rivals if key], 1, 0.75)
        return rivals[near[0]] if near else None
