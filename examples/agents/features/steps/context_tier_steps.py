"""Steps of the context tier service. What its tiers hold is read with `snapshot`, never bare."""

import threading
from concurrent.futures import ThreadPoolExecutor

from agents.tiers import ContextTierService, Tier
from behave import given, register_type, then, when
from parse import with_pattern
from refusal import refused

PATIENCE = 60.0


@with_pattern("hot|warm|cold|nowhere")
def tier_name(text):
    return text


register_type(Tier=tier_name)


def at_once(count, work):
    """Call `work(number)` in `count` threads that start together; raise what any of them raised."""
    barrier = threading.Barrier(count)

    def one(number):
        barrier.wait(PATIENCE)
        work(number)

    with ThreadPoolExecutor(count) as pool:
        for future in [pool.submit(one, number) for number in range(count)]:
            future.result(PATIENCE)


def listed(text):
    return [part for part in text.split(", ") if part]


@given("a context tier service for {hot:d} hot, {warm:d} warm and {cold:d} cold entries")
def tier_service(context, hot, warm, cold):
    context.tiers = ContextTierService(hot, warm, cold)


@given('"{keys}" in {tier:Tier}')
@when('I put "{keys}" into {tier:Tier}')
def put(context, keys, tier):
    for key in listed(keys):
        context.tiers.put(key, f"text of {key}", Tier(tier))


@when('I get "{key}"')
def get(context, key):
    context.got = context.tiers.get(key)


@when('I promote "{key}"')
def promote(context, key):
    context.tiers.promote(key)


@when('I demote "{key}"')
def demote(context, key):
    context.tiers.demote(key)


@when('I discard "{key}"')
def discard(context, key):
    assert context.tiers.discard(key), context.tiers.snapshot()


@when("{threads:d} threads put {count:d} entries each")
def threads_put(context, threads, count):
    def work(number):
        for entry in range(count):
            context.tiers.put(f"{number}/{entry}", "text")

    at_once(threads, work)


@when('{threads:d} threads promote and demote "{keys}" {count:d} times')
def threads_move(context, threads, keys, count):
    def work(number):
        for turn in range(count):
            key = listed(keys)[(number + turn) % len(listed(keys))]
            (context.tiers.promote if (number + turn) % 2 else context.tiers.demote)(key)

    at_once(threads, work)


@when('{threads:d} threads put "{key}" at once')
def threads_put_one(context, threads, key):
    at_once(threads, lambda number: context.tiers.put(key, f"text {number}"))


@when('{threads:d} threads discard "{key}" at once')
def threads_discard(context, threads, key):
    context.discarded = []
    at_once(threads, lambda _: context.discarded.append(context.tiers.discard(key)))


@then('{tier:Tier} holds "{keys}"')
def tier_holds(context, tier, keys):
    found = getattr(context.tiers.snapshot(), tier)
    assert list(found) == listed(keys), context.tiers.snapshot()


@then("{tier:Tier} is empty")
def tier_is_empty(context, tier):
    assert getattr(context.tiers.snapshot(), tier) == (), context.tiers.snapshot()


@then('the text is "{text}"')
def text_is(context, text):
    assert context.got == text, context.got


@then('the entry "{key}" is {tier:Tier}')
def key_is_in(context, key, tier):
    snapshot = context.tiers.snapshot()
    assert snapshot.tier_of(key) == tier, snapshot


@then("no entry is in two tiers")
def in_one_tier(context):
    keys = context.tiers.snapshot().keys
    twice = sorted({key for key in keys if keys.count(key) > 1})
    assert not twice, f"in two tiers: {', '.join(twice)}"


@then("{count:d} entries are held and {dropped:d} were dropped")
def held_and_dropped(context, count, dropped):
    snapshot = context.tiers.snapshot()
    assert (len(snapshot.keys), snapshot.dropped) == (count, dropped), snapshot


@then("hot holds {hot:d}, warm {warm:d} and cold {cold:d} entries")
def counts(context, hot, warm, cold):
    snapshot = context.tiers.snapshot()
    found = (len(snapshot.hot), len(snapshot.warm), len(snapshot.cold))
    assert found == (hot, warm, cold), snapshot


@then("exactly one of them removed it")
def one_removed(context):
    assert context.discarded.count(True) == 1, context.discarded


@then('getting "{key}" is refused: "{message}"')
def get_refused(context, key, message):
    refused(message, lambda: context.tiers.get(key))


@then('a service for {hot:d} hot entries is refused: "{message}"')
def service_refused(_context, hot, message):
    refused(message, lambda: ContextTierService(hot))
