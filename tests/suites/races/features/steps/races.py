import tempfile
import threading

from behave import given, then, when

from shop.bank import Account, safe_transfer, transfer
from shop.counter import Counter, SafeCounter
from shop.exports import Exports, SafeExports
from shop.registry import Registry, SafeRegistry
from shop.tiers import SafeTiers, Tiers


def both(first, second):
    threads = [
        threading.Thread(target=first, name="first"),
        threading.Thread(target=second, name="second"),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@given("a plain counter")
def _(context):
    context.counter = Counter()


@given("a safe counter")
def _(context):
    context.counter = SafeCounter()


@when("two threads add one each")
def _(context):
    both(context.counter.add, context.counter.add)


@then("the count is {count:d}")
def _(context, count):
    assert context.counter.n == count, f"{context.counter.n} is not {count}"


@given("plain tiers")
def _(context):
    context.tiers = Tiers()


@given("safe tiers")
def _(context):
    context.tiers = SafeTiers()


@when("an item is demoted while another thread looks for it")
def _(context):
    found = context.found = []
    both(
        lambda: context.tiers.demote("item"),
        lambda: found.append(context.tiers.holds("item")),
    )


@then("it was found")
def _(context):
    assert context.found == [True], context.found


@given("a plain registry")
def _(context):
    context.registry = Registry()


@given("a safe registry")
def _(context):
    context.registry = SafeRegistry()


@when("a name is added while another thread lists them")
def _(context):
    listed = context.listed = []
    both(
        lambda: listed.extend(context.registry.listed()),
        lambda: context.registry.add(4, "d"),
    )


@then("the list has at least {count:d} names")
def _(context, count):
    assert len(context.listed) >= count, context.listed


@given("plain exports")
def _(context):
    context.exports = Exports(tempfile.mkdtemp())


@given("safe exports")
def _(context):
    context.exports = SafeExports(tempfile.mkdtemp())


@when("two threads export")
def _(context):
    both(context.exports.write, context.exports.write)


@then("there are {count:d} different files")
def _(context, count):
    written = context.exports.written
    assert len(set(written)) == count, f"numbers {sorted(written)}"


@given("two accounts")
def _(context):
    context.accounts = Account(1, 10), Account(2, 10)


@when("transfers cross")
def _(context):
    one, two = context.accounts
    both(lambda: transfer(one, two, 3), lambda: transfer(two, one, 4))


@when("safe transfers cross")
def _(context):
    one, two = context.accounts
    both(lambda: safe_transfer(one, two, 3), lambda: safe_transfer(two, one, 4))


@then("no money is lost")
def _(context):
    assert sum(account.balance for account in context.accounts) == 20
