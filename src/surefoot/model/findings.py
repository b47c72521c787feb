"""A defect in the suite that surefoot can point to."""

import msgspec


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One defect: a rule, a place, the evidence, and what to do about it."""

    rule: str
    """Code of the rule, such as SF101."""
    message: str
    """What is wrong, in a sentence."""
    file: str = ""
    """Relative to the working directory where that is possible; empty where there is none."""
    line: int = 0
    """From 1; 0 where there is none."""
    remedy: str = ""
    """What the user can do, in a sentence."""
    evidence: tuple[str, ...] = ()
    """Lines that show it: stacks, values, source."""
    scenario: str = ""
    """Id of the scenario that showed it; empty for one of the suite as a whole."""

    @property
    def place(self) -> str:
        """`path/file.py:12`, as much of it as is known."""
        return f"{self.file}:{self.line}" if self.file and self.line else self.file

    @property
    def key(self) -> tuple[str, str, int, str]:
        """What makes two findings the same one."""
        return self.rule, self.file, self.line, self.message
