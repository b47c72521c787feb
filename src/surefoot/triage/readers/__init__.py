"""One reader a tool. `ALL` is the order in which a line is offered to them.

Those whose runs own everything between their first and their last line come first.
"""

from collections.abc import Callable

from surefoot.triage.readers.base import Reader
from surefoot.triage.readers.behave import BehaveReader
from surefoot.triage.readers.builds import CompilerReader, JavaReader, OtherTestsReader
from surefoot.triage.readers.check import CheckReader
from surefoot.triage.readers.installers import GitReader, InstallReader
from surefoot.triage.readers.linters import BanditReader, MypyReader, PyrightReader, RuffReader
from surefoot.triage.readers.pytest import PytestReader
from surefoot.triage.readers.robot import RobotReader
from surefoot.triage.readers.sessions import CoverageReader, NoxReader, ToxReader
from surefoot.triage.readers.surefoot import SurefootReader
from surefoot.triage.readers.tracebacks import TracebackReader
from surefoot.triage.readers.unittest import UnittestReader

ALL: tuple[Callable[[str], Reader], ...] = (
    # It reads commands out of the lines that are nox's alone.
    CoverageReader,
    NoxReader,
    ToxReader,
    CheckReader,
    SurefootReader,
    PytestReader,
    UnittestReader,
    BehaveReader,
    RobotReader,
    BanditReader,
    MypyReader,
    PyrightReader,
    RuffReader,
    InstallReader,
    GitReader,
    CompilerReader,
    JavaReader,
    OtherTestsReader,
    TracebackReader,
)
