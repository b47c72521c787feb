"""Steps of the context tier service."""

import os
import threading
import time

from agents.tiers import ContextTierService, Tier
from behave import given, register_type, then, when
from parse import with_pattern
from refusal import refused


@with_pattern("hot|warm|cold|nowhere")
def tier_name(text):
    return text


register_type(Tier=tier_name)


def debug(text):
    print(f"DEBUG {time.time():.6f} {os.getpid()} {threading.current_thread()} {text}")


def at_once(count, work):
    """Call `work(number)` in `count` threads."""
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for _ in range(100):
        if not any(thread.is_alive() for thread in threads):
            break
        time.sleep(0.1)


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
            debug(f"before entry {number}/{entry}: {context.tiers.snapshot()}")
            context.tiers.put(f"{number}/{entry}", "text")
            debug(f"after entry {number}/{entry}: {context.tiers.snapshot()}")

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
    found = getattr(context.tiers, "_" + tier)
    assert list(found) == listed(keys), found


@then("{tier:Tier} is empty")
def tier_is_empty(context, tier):
    assert not getattr(context.tiers, "_" + tier), f"entries left"


@then('the text is "{text}"')
def text_is(context, text):
    assert context.got == text, context.got


@then('the entry "{key}" is {tier:Tier}')
def key_is_in(context, key, tier):
    snapshot = context.tiers.snapshot()
    assert snapshot.tier_of(key) == tier, snapshot


@then("no entry is in two tiers")
def in_one_tier(context):
    tiers = context.tiers
    keys = [*tiers._hot, *tiers._warm, *tiers._cold]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    assert not twice, f"in two tiers: {', '.join(twice)}"


@then("{count:d} entries are held and {dropped:d} were dropped")
def held_and_dropped(context, count, dropped):
    tiers = context.tiers
    held = len(tiers._hot) + len(tiers._warm) + len(tiers._cold)
    assert (held, tiers._dropped) == (count, dropped), held


@then("hot holds {hot:d}, warm {warm:d} and cold {cold:d} entries")
def counts(context, hot, warm, cold):
    tiers = context.tiers
    found = (len(tiers._hot), len(tiers._warm), len(tiers._cold))
    assert found == (hot, warm, cold), found


@then("exactly one of them removed it")
def one_removed(context):
    assert context.discarded.count(True) == 1, context.discarded


@then('getting "{key}" is refused: "{message}"')
def get_refused(context, key, message):
    refused(message, lambda: context.tiers.get(key))


@then('a service for {hot:d} hot entries is refused: "{message}"')
def service_refused(_context, hot, message):
    refused(message, lambda: ContextTierService(hot))
