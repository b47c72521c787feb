"""Output of builds in other languages: compilers, make, ninja, CMake, Maven, Gradle, JUnit.

Suites of other languages run in the same pipelines; what is read of them is what tells why the
job is red.
"""

import re

from surefoot.triage.masking import relative
from surefoot.triage.model import Counts, FailureKind, Line
from surefoot.triage.readers.base import LineReader, SingleLineReader, number

_GCC = re.compile(
    r"(\S[^:\n]{0,300}\.(?:c|cc|cpp|cxx|cu|cuh|h|hpp|hh|m|mm|go|swift|f90|rs|hip))"
    r":(\d{1,7}):(?:(\d{1,6}):)? (?:fatal )?error: (.*)"
)
_GO = re.compile(r"(\S[^:\n]{0,300}\.go):(\d{1,7}):\d{1,6}: (.*)")
_MSVC = re.compile(
    r"(\S.{0,300}\.\w{1,4})\((\d{1,7})(?:,\d{1,6})?\): (?:fatal )?error (\w{1,3}\d{3,5}): (.*)"
)
_RUST = re.compile(r"error(?:\[(E\d{4})\])?: (.*)")
_LINK = re.compile(
    r"(?:.{0,200}: )?(undefined reference to .*|ld returned \d{1,3} exit status|ld: .*not found.*)"
)
_NINJA = re.compile(r"FAILED: (?:\[code=(\d{1,3})\] )?(\S.*)")
_MAKE = re.compile(r"(?:g?make|gmake)(?:\[\d{1,3}\])?: \*\*\* (.*)")
_CMAKE = re.compile(r"CMake Error(?: at (\S.{0,300}):(\d{1,7}) \(.*\))?:(.*)")


class CompilerReader(SingleLineReader):
    """gcc, clang, nvcc, MSVC, rustc, Go, the linker; make, ninja and CMake around them."""

    name = "compiler"
    needles = (
        "error",
        "undefined reference",
        "ld: ",
        "collect2: ",
        "FAILED: ",
        ": *** ",
        "CMake Error",
    )

    def feed(self, line: Line) -> bool:
        """Take one line."""
        text = line.text
        if "error" in text:
            found = _GCC.match(text)
            if found is not None:
                self._fail(line, "error", found[4], found[1], found[2])
                return True
            if (found := _MSVC.match(text)) is not None:
                self._fail(line, found[3], found[4], found[1], found[2])
                return True
            if text.startswith("error[E") and (found := _RUST.match(text)):
                self._fail(line, found[1] or "error", found[2])
                return True
        if "undefined reference" in text or text.startswith(("ld: ", "collect2: ")):
            found = _LINK.match(text)
            if found is not None:
                self._fail(line, "link", found[1])
                return True
        if text.startswith("FAILED: ") and (found := _NINJA.match(text)):
            if "::" in found[2] or ".py" in found[2]:
                return False
            self._fail(line, "ninja", f"{found[2]} (exit code {found[1] or '1'})")
            return True
        if ": *** " in text[:60] and (found := _MAKE.match(text)):
            # `Error 2` only repeats that a command of the recipe failed.
            wraps = " Error " in found[1]
            self._fail(line, "make", found[1], kind=FailureKind.SESSION if wraps else None)
            return True
        if text.startswith("CMake Error") and (found := _CMAKE.match(text)):
            self._fail(line, "cmake", found[3].strip(), found[1] or "", found[2] or "")
            return True
        return False

    def _fail(
        self,
        line: Line,
        rule: str,
        message: str,
        file: str = "",
        at: str = "",
        kind: FailureKind | None = None,
    ) -> None:
        self.found.fail(
            kind or FailureKind.BUILD,
            rule,
            (self.found.quote(line),),
            file=relative(file),
            line=number(at),
            message=message,
        )


_JAVAC = re.compile(
    r"\[ERROR\] (\S.{0,300}\.(?:java|kt|scala|groovy)):\[?(\d{1,7}),(\d{1,6})\]? (.*)"
)
_GOAL = re.compile(r"\[ERROR\] Failed to execute goal (\S{1,200})(.*)")
_RAN = re.compile(
    r"(?:\[\w{1,8}\] )?Tests run: (\d{1,9}), Failures: (\d{1,9}), Errors: (\d{1,9})"
    r"(?:, Skipped: (\d{1,9}))?(.*)"
)
_SUREFIRE = re.compile(
    r"(?:\[ERROR\] {1,4})?(\w{1,100}(?:\.\w{1,100})*)(?:\(([\w.$]{1,300})\))?"
    r" .{0,80}<<< (FAILURE|ERROR)!"
)
_GRADLE_TASK = re.compile(r"> Task (:\S{1,200}) FAILED")
_GRADLE_TEST = re.compile(r"(\S.{0,200}) > (.{1,200}) FAILED$")
_GRADLE_WRONG = "* What went wrong:"
_JAVAC_PLAIN = re.compile(r"(\S.{0,300}\.(?:java|kt)):(\d{1,7}): error: (.*)")


class JavaReader(LineReader):
    """Maven and Gradle, with Surefire's and JUnit's results."""

    name = "java"
    needles = (
        "[ERROR] ",
        "<<< ",
        "Tests run: ",
        " FAILED",
        "* What went wrong:",
        ".java:",
        "[INFO] BUILD ",
        "BUILD SUCCESSFUL",
        "BUILD FAILED",
        "[INFO] Scanning for projects",
    )

    @property
    def resting(self) -> bool:
        """No heading waits for its text."""
        return self._wrong is None

    def __init__(self, log: str) -> None:
        super().__init__(log)
        self._wrong: Line | None = None

    def feed(self, line: Line) -> bool:
        """Take one line."""
        text = line.text
        if self._wrong is not None and text:
            head, self._wrong = self._wrong, None
            self._fail(FailureKind.BUILD, "gradle", text, [head, line])
            return True
        if text.startswith("[ERROR] "):
            found = _JAVAC.match(text)
            if found is not None:
                self._fail(FailureKind.BUILD, "javac", found[4], [line], found[1], found[2])
                return True
            if (found := _GOAL.match(text)) is not None:
                self._fail(FailureKind.BUILD, found[1], (found[1] + found[2])[:300], [line])
                return True
        if "<<< " in text and (found := _SUREFIRE.match(text)):
            if found[1] == "Tests":
                return False
            self._fail(
                FailureKind.TEST,
                f"{found[2]}.{found[1]}" if found[2] else found[1],
                found[3].lower(),
                [line],
            )
            return True
        if "Tests run: " in text[:20] and (found := _RAN.match(text)):
            if "Time elapsed" not in found[5]:
                failed = number(found[2]) + number(found[3])
                skipped = number(found[4] or "0")
                run = number(found[1])
                self.found.count(
                    Counts(
                        self.name,
                        run=run,
                        passed=max(0, run - failed - skipped),
                        failed=failed,
                        errors=number(found[3]),
                        skipped=skipped,
                        quotes=(self.found.quote(line),),
                    )
                )
            return True
        if text.endswith(" FAILED"):
            if (found := _GRADLE_TASK.match(text)) is not None:
                self._fail(FailureKind.BUILD, found[1], "task failed", [line])
                return True
            if " > " in text and (found := _GRADLE_TEST.match(text)):
                self._fail(FailureKind.TEST, f"{found[1]}.{found[2]}", "", [line])
                return True
        if text == _GRADLE_WRONG:
            self._wrong = line
            return True
        if ".java:" in text and (found := _JAVAC_PLAIN.match(text)):
            self._fail(FailureKind.BUILD, "javac", found[3], [line], found[1], found[2])
            return True
        if text.startswith(("[INFO] BUILD ", "BUILD SUCCESSFUL", "BUILD FAILED")):
            self.found.end()
        elif text.startswith("[INFO] Scanning for projects"):
            self.found.begin(line)
        return False

    def _fail(
        self,
        kind: FailureKind,
        subject: str,
        message: str,
        lines: list[Line],
        file: str = "",
        at: str = "",
    ) -> None:
        self.found.fail(
            kind,
            subject,
            self.found.quotes(lines),
            file=relative(file),
            line=number(at),
            message=message,
        )


_GTEST = re.compile(r"\[  FAILED  \] ([\w./]{1,300})(?: \(\d{1,9} ms\))?(?:, .*)?$")
_GO_TEST = re.compile(r"\s{0,8}--- FAIL: (\S{1,300}) \(")
_TAP = re.compile(r"not ok (\d{1,9})(?: -)? (.*)")
_JEST = re.compile(r"  ● (\S.{0,300})$")
_RUST_TEST = re.compile(r"test (\S{1,300}) \.\.\. FAILED$")


class OtherTestsReader(SingleLineReader):
    """googletest, Go, Rust, TAP and Jest: the names of what failed."""

    name = "tests"
    needles = (
        "[  FAILED  ]",
        "--- FAIL: ",
        "not ok ",
        "  ● ",
        "FAILED",
    )

    def __init__(self, log: str) -> None:
        super().__init__(log)
        self._done: set[str] = set()

    def feed(self, line: Line) -> bool:
        """Take one line."""
        text = line.text
        found: re.Match[str] | None = None
        if text.startswith("[  FAILED  ]"):
            found = _GTEST.match(text)
        elif "--- FAIL: " in text:
            found = _GO_TEST.match(text)
        elif text.startswith("not ok "):
            tap = _TAP.match(text)
            if tap is not None and "# TODO" not in text and "# SKIP" not in text:
                self._fail(line, tap[2])
                return True
        elif text.startswith("  ● "):
            found = _JEST.match(text)
        elif text.startswith("test ") and text.endswith("FAILED"):
            found = _RUST_TEST.match(text)
        if found is None:
            return False
        self._fail(line, found[1])
        return True

    def _fail(self, line: Line, test: str) -> None:
        if test in self._done:
            return
        if len(self._done) < 2000:
            self._done.add(test)
        self.found.fail(FailureKind.TEST, test, (self.found.quote(line),))
