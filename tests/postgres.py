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
from tests.e2e.project import wait_until

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
        with lease_ports(1) as lease, open(log, "wb") as output:
            (port,) = lease.ports
            command = [_program("postgres"), "-D", data, "-p", str(port), "-k", directory, "-F"]
            settings = ["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=50"]
            process = subprocess.Popen(
                command + settings,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=directory,
                env=environment,
                **options,  # type: ignore[call-overload]
            )
            try:
                admin = f"postgresql://postgres@127.0.0.1:{port}/postgres"
                wait_until(lambda: _answers(admin, process, log), "PostgreSQL to start", 30)
                with psycopg.connect(admin, autocommit=True) as connection:
                    connection.execute("CREATE ROLE shop LOGIN CREATEDB PASSWORD 's e/c:r@t'")
                    connection.execute("CREATE ROLE poor LOGIN")
                yield f"postgresql://shop:s%20e%2Fc%3Ar%40t@127.0.0.1:{port}/postgres"
            finally:
                # SIGQUIT: at once, connections or not.
                process.send_signal(3)
                process.wait(30)
    finally:
        shutil.rmtree(directory)


def _answers(url: str, process: "subprocess.Popen[bytes]", log: str) -> bool:
    if process.poll() is not None:
        with open(log, encoding="utf-8", errors="replace") as file:
            pytest.fail(f"PostgreSQL did not start:\n{file.read()}")
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def databases(url: str) -> list[str]:
    """Return the names of surefoot's databases on a server."""
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE 'sf\\_%' ORDER BY 1"
        )
        return [str(row[0]) for row in rows]
