import logging
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
from unittest import mock

import app
from behave import given

from surefoot.isolation import free_port, sqlite_template

kept = []
stopped = threading.Event()


def poll():
    stopped.wait(30)


@given("a thread is left")
def thread(context):
    threading.Thread(target=poll, name="poller-1", daemon=True).start()


@given("a child process is left")
def child(context):
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    kept.append(subprocess.Popen(["sleep", "29"], **quiet))


@given("a file is left open")
def file(context):
    kept.append(open(app.__file__, encoding="utf-8"))


@given("a socket is left open")
def sock(context):
    kept.append(socket.socket())


@given("a temporary file is left")
def temporary(context):
    os.close(tempfile.mkstemp(prefix="left-")[0])


@given("a variable is left set")
def variable(context):
    os.environ["SHOP_TOKEN"] = "a secret value"


@given("the working directory is left changed")
def directory(context):
    os.chdir("features")
    kept.append(os.path.abspath(".."))


@given("sys.path is left changed")
def path(context):
    if os.path.basename(os.getcwd()) == "features":
        os.chdir("..")
    sys.path.append("/nowhere/at/all")


@given("a function is left patched")
def function(context):
    mock.patch("app.price", return_value=4).start()


@given("a method is left replaced")
def method(context):
    def open_wrongly(self):
        return "wrong"

    app.Till.open = open_wrongly


def on_alarm(number, frame):
    pass


@given("a signal handler is left")
def handler(context):
    signal.signal(signal.SIGUSR1, on_alarm)


@given("a log handler is left")
def log_handler(context):
    logging.getLogger("app.till").addHandler(logging.NullHandler())


@given("all of it is done and undone")
def undone(context):
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    subprocess.run(["true"], check=True)
    with open(app.__file__, encoding="utf-8"), socket.socket():
        pass
    with tempfile.TemporaryDirectory():
        pass
    with mock.patch.dict(os.environ, {"SHOP": "1"}), mock.patch("app.price"):
        assert app.price() is not None
    here = os.getcwd()
    os.chdir("features")
    context.add_cleanup(os.chdir, here)
    sys.path.append("/nowhere")
    context.add_cleanup(sys.path.remove, "/nowhere")
    before = signal.signal(signal.SIGUSR2, on_alarm)
    context.add_cleanup(signal.signal, signal.SIGUSR2, before)


@given("the server of the run is asked")
def ask(context):
    client = socket.create_connection(context.server.server_address, timeout=10)
    client.sendall(b"x")
    assert client.recv(10) == b"x"
    client.close()


@given("the pool of the feature works")
def work(context):
    # Its thread is there already; what that thread opens is of the feature as well.
    kept.append(context.pool.submit(open, app.__file__).result())


class Knot:
    pass


@given("a file is held by a reference cycle only")
def cycle(context):
    knot = Knot()
    knot.itself = knot
    knot.file = os.fdopen(os.open(app.__file__, os.O_RDONLY), closefd=True)
    knot.close = Closing(knot.file)
    knot.file = None


class Closing:
    def __init__(self, file):
        self.file = file

    def __del__(self):
        self.file.close()


def build(path):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE item (name TEXT)")
    connection.close()


shop = sqlite_template(build, name="shop")


@given("ports are leased and a database is copied")
def leased(context):
    free_port()
    shop.copy()
