import asyncio

from behave import given, then, when
from behave.api.async_step import async_run_until_complete


async def give(number):
    await asyncio.sleep(0)
    return number


@given("a task that gives {number:d}")
async def gives(context, number):
    context.numbers = [await give(number)]


@when("{count:d} tasks give {number:d}")
@async_run_until_complete
async def tasks_give(context, count, number):
    context.numbers += await asyncio.gather(*(give(number) for _ in range(count)))


@then("the sum is {number:d}")
async def the_sum_is(context, number):
    assert sum(context.numbers) == number, f"the sum is {sum(context.numbers)}"


@given("a task that raises")
async def raises(context):
    await give(1)
    raise ValueError("inside a task")


@given("a task that never ends", timeout=0.05)
async def never_ends(context):
    await asyncio.Event().wait()
