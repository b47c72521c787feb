import os
import sqlite3
import tempfile
import threading
import time

from behave import given, then, when


@given("a paid order")
def paid(context):
    context.order = {"state": "paid"}


@when("I push the button")
def push(context):
    pass


@when("I buy {what}")
def buy(context, what):
    pass


@when("the order is shipped")
def shipped(context):
    context.order = {"state": "closed"}
    deadline = time.monotonic() + 3
    while not context.order and time.monotonic() < deadline:
        time.sleep(0.01)


@when("threads look at the order")
def look(context):
    seen = []

    def check():
        seen.append(context.order["state"])

    thread = threading.Thread(target=check)
    thread.start()
    thread.join(10)
    assert seen == ["closed"], seen


@when("the tiers are looked at")
def tiers(context):
    with context.tiers._lock:
        assert "a" not in context.tiers._hot
        context.tiers._cold.clear()


@when("files are written")
def files(context):
    folder = tempfile.mkdtemp()
    with open(os.path.join(folder, "faults.txt"), "w", encoding="utf-8"):
        pass
    sqlite3.connect(os.path.join(folder, "faults.db")).close()


@then("the order is closed")
def closed(context):
    assert context.order["state"] == "closed"
    assert context.order, "there is an order"
    try:
        context.order["missing"]
    except KeyError as error:
        context.missing = error
