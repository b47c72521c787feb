"""A defect in the suite that surefoot can point to."""

import msgspec


class Edit(msgspec.Struct, frozen=True, omit_defaults=True):
    """A change of one line of a file that removes a finding."""

    file: str
    line: int
    """From 1."""
    new: str
    old: str = ""
    """A word of that line, which `new` replaces the first time it stands there by itself. Where
    empty, `new` becomes a line of its own above that line, indented as it is. Where `new` is empty,
    the word goes, and the line with it if nothing is left."""


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
    edits: tuple[Edit, ...] = ()
    """What mends it, where that is known and cannot do harm."""
    subject: str = ""
    """What it is about (the field that a lock guards, the sleep that is replaced), where sources
    and a run find the same fault and word it differently; empty elsewhere."""

    @property
    def place(self) -> str:
        """`path/file.py:12`, as much of it as is known."""
        return f"{self.file}:{self.line}" if self.file and self.line else self.file

    @property
    def about(self) -> tuple[str, str, int, str]:
        """What makes a finding of the sources and one of the run the same one."""
        return self.rule, self.file, self.line, self.subject or self.message

    @property
    def key(self) -> tuple[str, str, int, str]:
        """What makes two findings the same one."""
        return self.rule, self.file, self.line, self.message
