"""Steps of the job service."""

import asyncio
import threading
import time

from agents.bus import EventBus
from agents.jobs import JobService, State
from behave import given, then, when
from refusal import refused

PATIENCE = 30.0
"""Seconds for what has to come; a healthy run needs a few milliseconds of them."""


class ManualClock:
    """A clock that only the steps move."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def poll(context, name, done, seconds=3.0):
    """Look at a job ten times a second until it is done, or the seconds are over."""
    for _ in range(int(seconds * 10)):
        found = job(context, name)
        if done(found):
            return found
        time.sleep(0.1)
    raise AssertionError(f"{name} is {found.state.value} after {seconds:g} s")


def start_service(context, **options):
    context.told = []
    bus = EventBus()
    bus.subscribe("job.*", lambda topic, job: context.told.append((topic, job.name)))
    context.jobs = JobService(bus=bus, **options)
    context.numbers, context.controls = {}, {}
    context.gate = threading.Event()
    context.add_cleanup(context.jobs.close)
    # Cleanups run last first: the gate opens before the service waits for its threads.
    context.add_cleanup(context.gate.set)


def submit(context, name, work):
    def kept(control):
        context.controls[name] = control
        return work(control)

    context.numbers[name] = context.jobs.submit(name, kept)


def job(context, name):
    return context.jobs.get(context.numbers[name])


@given("a job service with {workers:d} worker")
@given("a job service with {workers:d} workers")
def job_service(context, workers):
    start_service(context, workers=workers)


@given("a job service that takes {seconds:g} seconds of silence for stuck")
def stuck_service(context, seconds):
    context.clock = ManualClock()
    start_service(context, clock=context.clock, stuck_after=seconds)


@when('I submit "{name}", which waits for the gate')
def submit_gated(context, name):
    gate = context.gate
    submit(context, name, lambda _: gate.wait(PATIENCE))


@when('I submit "{name}", which succeeds with "{text}"')
def submit_success(context, name, text):
    submit(context, name, lambda _: text)


@when('I submit "{name}", which fails with "{text}"')
def submit_failure(context, name, text):
    def work(_):
        raise ValueError(text)

    submit(context, name, work)


@when('I submit "{name}", which takes {seconds:g} seconds')
def submit_slow(context, name, seconds):
    submit(context, name, lambda control: control.pause(seconds))


@when("I submit {count:d} jobs that succeed")
def submit_many(context, count):
    for number in range(count):
        submit(context, f"job {number}", lambda _: "done")


@when('"{name}" runs')
def runs(context, name):
    poll(context, name, lambda found: found.state is State.RUNNING)


@when("the gate opens")
def gate_opens(context):
    context.gate.set()


@when('I cancel "{name}"')
def cancel(context, name):
    context.jobs.cancel(context.numbers[name])


@when('"{name}" beats at {progress:g}')
def beats(context, name, progress):
    # In this thread, which is as good as the job's: then it has happened when the step ends.
    poll(context, name, lambda found: found.state is State.RUNNING)
    context.controls[name].beat(progress)


@when("{seconds:g} seconds pass")
def pass_time(context, seconds):
    context.clock.now += seconds


@when("the stuck jobs are reaped")
def reap(context):
    context.jobs.reap()


@when("the service is closed")
def close(context):
    context.gate.set()
    context.jobs.close()


@then('"{name}" ends as "{state}" within {seconds:g} seconds')
def ends_as(context, name, state, seconds):
    ended = poll(context, name, lambda found: found.state.final, seconds)
    assert ended.state.value == state, f"{ended}"


@then('"{name}" ends as "{state}" for who awaits it')
def ends_for_awaiting(context, name, state):
    async def ended():
        for _ in range(30):
            if job(context, name).state.final:
                break
            await asyncio.sleep(0.1)
        return job(context, name)

    found = asyncio.run(ended())
    assert found.state.value == state, f"{found}"


@then('waiting {seconds:g} seconds for "{name}" is in vain: "{message}"')
def waits_in_vain(context, seconds, name, message):
    refused(message, lambda: context.jobs.wait(context.numbers[name], seconds), TimeoutError)


@then('"{name}" is "{state}"')
def is_in_state(context, name, state):
    found = job(context, name)
    assert found.state.value == state, f"{found}"


@then('the result of "{name}" is "{text}"')
def result_is(context, name, text):
    found = job(context, name)
    assert found.result == text, f"{found}"


@then('the error of "{name}" is "{text}"')
def error_is(context, name, text):
    found = job(context, name)
    assert found.error == text, f"{found}"


@then('the progress of "{name}" is {progress:g}')
def progress_is(context, name, progress):
    found = job(context, name)
    assert found.progress == progress, f"{found}"


@then('all {count:d} jobs end as "{state}" within {seconds:g} seconds')
def all_end_as(context, count, state, seconds):
    ended = [poll(context, name, lambda job: job.state.final, seconds) for name in context.numbers]
    states = [item.state.value for item in ended]
    assert states == [state] * count, f"{states}"


@then('{count:d} job is "{state}"')
@then('{count:d} jobs are "{state}"')
def count_in_state(context, count, state):
    found = context.jobs.jobs(State(state))
    assert len(found) == count, f"{found}"


@then('the stuck jobs are "{names}"')
def stuck_are(context, names):
    found = ", ".join(item.name for item in context.jobs.stuck())
    assert found == names, f"they are {found or 'none'}"


@then("no job is stuck")
def none_stuck(context):
    assert context.jobs.stuck() == (), f"{context.jobs.stuck()}"


@then('the bus was told about "{name}": {topics}')
def told_about(context, name, topics):
    # A job is told about after it has changed; who was waiting for it may be quicker.
    context.jobs.close()
    found = [topic.removeprefix("job.") for topic, of in context.told if of == name]
    assert found == topics.split(", "), f"{found}"


@then('cancelling "{name}" is refused: "{message}"')
def cancel_refused(context, name, message):
    refused(message, lambda: context.jobs.cancel(context.numbers[name]))


@then('submitting is refused: "{message}"')
def submit_refused(context, message):
    refused(message, lambda: context.jobs.submit("late", lambda _: None))
