"""Compiled step modules, kept between runs.

behave executes step modules and the environment file itself, so that Python's own cache of
compiled modules does not hold them, and each run compiles them anew: 40 ms for the 23 modules
of python-docx's suite. An entry holds for one source, file name, interpreter and set of flags;
what does not fit, or cannot be read, is compiled as if there were no cache.
"""

import contextlib
import hashlib
import importlib.util
import marshal
import os
import sys
import tempfile
from types import CodeType

_DIGEST = 16


class CodeCache:
    """A directory of compiled files. Raises nothing of its own; without a directory it compiles."""

    def __init__(self, directory: str) -> None:
        self._directory = directory

    def compile(self, source: bytes, filename: str) -> CodeType:
        """Return the code of a module. Raises what `compile` raises."""
        if not self._directory:
            return compile(source, filename, "exec", dont_inherit=True)
        path = os.path.join(self._directory, _digest(os.fsencode(filename)).hex() + ".code")
        mark = _digest(source, os.fsencode(filename), _SETTING)
        code = _read(path, mark)
        if code is None:
            code = compile(source, filename, "exec", dont_inherit=True)
            self._write(path, mark, code)
        return code

    def _write(self, path: str, mark: bytes, code: CodeType) -> None:
        with contextlib.suppress(OSError, ValueError):
            os.makedirs(self._directory, exist_ok=True)
            # Another run may read it now: the entry appears whole or not at all.
            descriptor, name = tempfile.mkstemp(dir=self._directory)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(mark + marshal.dumps(code))
                os.replace(name, path)
            except BaseException:
                os.unlink(name)
                raise


_SETTING = importlib.util.MAGIC_NUMBER + repr((sys.version, sys.flags.optimize)).encode()


def _digest(*parts: bytes) -> bytes:
    hasher = hashlib.blake2b(digest_size=_DIGEST)
    for part in parts:
        hasher.update(len(part).to_bytes(8, "big") + part)
    return hasher.digest()


def _read(path: str, mark: bytes) -> CodeType | None:
    try:
        with open(path, "rb") as file:
            content = file.read()
        # Only what this user wrote in the run's own directory gets here, and only whole.
        if content[:_DIGEST] == mark:
            code = marshal.loads(content[_DIGEST:])  # noqa: S302
            return code if isinstance(code, CodeType) else None
    except (OSError, ValueError, EOFError, TypeError):
        pass
    return None
