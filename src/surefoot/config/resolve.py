"""From all sources to the settings of a run: the strongest source that gives a value wins.

Weakest first: default, file, environment, overrides of the caller, command line. Every value
of every source is checked, also where a stronger one replaces it.
"""

from collections.abc import Mapping, Sequence

from surefoot.config.resolved import Origin, Resolved
from surefoot.config.scan import scan
from surefoot.config.settings import OPTIONS, Settings
from surefoot.config.sources import (
    Given,
    from_environment,
    from_file,
    from_overrides,
    settings_file,
)
from surefoot.config.tables import read_tables
from surefoot.errors import UserError

__all__ = ["Origin", "Resolved", "Settings", "resolve"]

_STRENGTH = ("default", "file", "environment", "override", "command line")


def resolve(
    argv: Sequence[str],
    environ: Mapping[str, str],
    cwd: str,
    overrides: Mapping[str, str] | None = None,
) -> Resolved:
    """Return the settings of a run.

    `argv` is what follows `surefoot run`; `cwd` is where the TOML files are looked for.
    `overrides` are options by name, stronger than the environment; a key may have a prefix
    that ends in a dot ("-D surefoot.retries"), and is shown as the origin.

    Raises:
        UserError: an unknown option or value, a missing value, a file that cannot be read, or
            values of one source that contradict each other.
    """
    scanned = scan(argv)
    filename, table = settings_file(cwd)
    chosen = {
        name: Given(name, option.default, Origin("default")) for name, option in OPTIONS.items()
    }
    # In the order of strength, so that the last one stands.
    for given in (
        *from_file(filename, table),
        *from_environment(environ),
        *from_overrides(overrides or {}),
        *scanned.given,
    ):
        chosen[given.name] = given
    _settle_loudness(chosen)
    _settle_order(chosen)
    return Resolved(
        settings=Settings(**{name: given.value for name, given in chosen.items()}),
        origins={name: given.origin for name, given in chosen.items()},
        behave_args=scanned.behave_args,
        tables=read_tables(filename, table),
    )


def _settle_loudness(chosen: dict[str, Given]) -> None:
    """Of `quiet` and `verbose` keep the stronger one."""
    quiet, verbose = chosen["quiet"], chosen["verbose"]
    if not (quiet.value and verbose.value):
        return
    if _strength(quiet) == _strength(verbose):
        raise UserError(
            f"{quiet.origin.detail} and {verbose.origin.detail} contradict each other; "
            "give one of them"
            if quiet.origin != verbose.origin
            else f"{quiet.origin.detail}: quiet and verbose contradict each other; keep one"
        )
    weaker, stronger = sorted((quiet, verbose), key=_strength)
    chosen[weaker.name] = Given(weaker.name, False, stronger.origin)


def _settle_order(chosen: dict[str, Given]) -> None:
    """Let a seed imply `shuffle`; afterwards there is no seed without it."""
    seed, shuffle = chosen["seed"], chosen["shuffle"]
    if seed.value is None or shuffle.value:
        return
    if _strength(seed) > _strength(shuffle):
        chosen["shuffle"] = Given("shuffle", True, seed.origin)
    elif _strength(seed) < _strength(shuffle):
        chosen["seed"] = Given("seed", None, shuffle.origin)
    elif seed.origin == shuffle.origin:
        raise UserError(
            f"{seed.origin.detail}: seed implies shuffle, which is turned off there; keep one"
        )
    else:
        raise UserError(
            f"{seed.origin.detail} implies shuffling, which {shuffle.origin.detail} turns off; "
            "give one of them"
        )


def _strength(given: Given) -> int:
    return _STRENGTH.index(given.origin.kind)
