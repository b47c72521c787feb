"""A PostgreSQL server of the tests' own: Debian's, as another user, in a temporary directory."""

import contextlib
import glob
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator

import psycopg
import pytest

from surefoot.isolation import lease_ports


def _program(name: str) -> str:
    found = shutil.which(name) or max(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), default="")
    if not found:
        # Not a skip: these tests are the only proof, and a skip would hide that they never ran.
        pytest.fail(
            f"PostgreSQL's {name} is not installed; run apt-get install postgresql (or .ci/run)"
        )
    return os.path.realpath(found)


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Run a server; yield its URL. The role is `shop`, which may create databases."""
    options: dict[str, object] = {}
    directory = tempfile.mkdtemp(prefix="pg-", dir="/tmp")
    if os.geteuid() == 0:
        # It refuses to run as root.
        user = pwd.getpwnam("postgres")
        os.chown(directory, user.pw_uid, user.pw_gid)
        options = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    data = os.path.join(directory, "data")
    log = os.path.join(directory, "log")
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": directory}
    try:
        made = subprocess.run(
            [_program("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8"],
            capture_output=True,
            text=True,
            cwd=directory,
            env=environment,
            timeout=60,
            check=False,
            **options,  # type: ignore[call-overload]
        )
        assert made.returncode == 0, made.stderr
        with lease_ports(1) as lease:
            (port,) = lease.ports
            # Started as a daemon, which is no child of ours: beside a living child virtual time
            # only flows, and other tests run while the server does.
            control = [_program("pg_ctl"), "-D", data, "-w", "-t", "30", "-l", log]
            arguments = f"-p {port} -k {directory} -F -c listen_addresses=127.0.0.1"
            arguments += " -c max_connections=50"
            _control([*control, "-o", arguments, "start"], log, directory, environment, options)
            try:
                admin = f"postgresql://postgres@127.0.0.1:{port}/postgres"
                with psycopg.connect(admin, autocommit=True) as connection:
                    connection.execute("CREATE ROLE shop LOGIN CREATEDB PASSWORD 's e/c:r@t'")
                    connection.execute("CREATE ROLE poor LOGIN")
                yield f"postgresql://shop:s%20e%2Fc%3Ar%40t@127.0.0.1:{port}/postgres"
            finally:
                # At once, connections or not.
                _control(
                    [*control, "-m", "immediate", "stop"], log, directory, environment, options
                )
    finally:
        shutil.rmtree(directory)


def _control(
    command: list[str],
    log: str,
    directory: str,
    environment: dict[str, str],
    options: dict[str, object],
) -> None:
    done = subprocess.run(
        command,
        # Not pipes: the server would hold them open.
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=directory,
        env=environment,
        timeout=60,
        check=False,
        **options,  # type: ignore[call-overload]
    )
    if done.returncode != 0:
        with contextlib.suppress(OSError), open(log, encoding="utf-8", errors="replace") as file:
            pytest.fail(f"{' '.join(command)} ended with {done.returncode}:\n{file.read()}")
        pytest.fail(f"{' '.join(command)} ended with {done.returncode}, and wrote no log")


def databases(url: str) -> list[str]:
    """Return the names of surefoot's databases on a server."""
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE 'sf\\_%' ORDER BY 1"
        )
        return [str(row[0]) for row in rows]
