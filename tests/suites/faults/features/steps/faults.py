import sqlite3
import threading
import time

from behave import given, then, when


@given("a paid order")
def paid(context):
    context.order = {"state": "paid"}


@when("I buy {what}")
def buy(context, what):
    pass


@when("the order is shipped")
def shipped(context):
    time.sleep(0.01)
    for _ in range(30):
        if context.order:
            break
        time.sleep(0.01)


@when("threads look at the order")
def look(context):
    def check():
        assert context.order["state"] == "paid"

    thread = threading.Thread(target=check)
    thread.start()


@when("the tiers are looked at")
def tiers(context):
    assert "a" not in context.tiers._hot
    context.tiers._cold.clear()
    with context.tiers._lock:
        assert not context.tiers._cold


@when("files are written")
def files(context):
    open("/tmp/surefoot-faults.txt", "w").close()
    sqlite3.connect("faults.db").close()


@then("the order is closed")
def closed(context):
    context.order["state"] == "closed"
    assert (context.order, "there is an order")
    try:
        assert context.order["state"] == "closed"
    except Exception:
        pass
    try:
        context.order["missing"]
    except KeyError as error:
        raise ValueError("no such thing")
    except:
        pass
