"""Steps of the autonomy profiles."""

from agents.application import Settings, make_container
from agents.autonomy import Answer, AutonomyGuard, Profile, ProfileCatalog
from agents.errors import DeniedError
from agents.sessions import SessionService
from behave import given, then, when
from refusal import refused


def catalog(context):
    if "catalog" not in context:
        context.catalog = ProfileCatalog()
    return context.catalog


@given('the profile "{name}" that extends "{base}" with a risk limit of {limit:g}')
def profile_with_limit(context, name, base, limit):
    catalog(context).add(Profile(name, risk_limit=limit, extends=base))


@given('the profile "{name}" that extends "{base}" and says "{answer}" to {kind}')
def profile_with_rule(context, name, base, answer, kind):
    catalog(context).add(Profile(name, {kind: Answer(answer)}, extends=base))


@given('an agent with the profile "{name}"')
def agent(context, name):
    context.guard = AutonomyGuard(catalog(context).effective(name))


@when("it wants to {kind} with a risk of {risk:g}")
def wants_with_risk(context, kind, risk):
    context.decision = context.guard.decide(kind, risk)


@when("it wants to {kind:w}")
def wants(context, kind):
    context.decision = context.guard.decide(kind)


@when("it reads {count:d} times")
def reads(context, count):
    for _ in range(count):
        context.guard.act("read")


@when('the session "{name}" wants to {kind}')
def session_wants(context, name, kind):
    container = make_container(Settings(context.environ["AGENTS_DATABASE"]))
    context.add_cleanup(container.close)
    context.decision = container.resolve(SessionService).guard(name).decide(kind)


@then('the answer is "{answer}"')
def answer_is(context, answer):
    assert context.decision.answer.value == answer, context.decision


@then('the reason is "{reason}"')
def reason_is(context, reason):
    assert context.decision.reason == reason, context.decision


@then("it has {steps:d} steps left")
def steps_left(context, steps):
    assert context.guard.left == steps, context.guard.left


@then("it may {kind:w} with an approval")
def may(context, kind):
    context.guard.act(kind, approved=True)


@then('it may not {kind:w}: "{reason}"')
def may_not(context, kind, reason):
    refused(reason, lambda: context.guard.act(kind), DeniedError)


@then('it may not {kind:w}, not with an approval: "{reason}"')
def may_never(context, kind, reason):
    refused(reason, lambda: context.guard.act(kind, approved=True), DeniedError)


@then('the profile "{name}" that extends "{base}" is refused: "{message}"')
def profile_refused(context, name, base, message):
    refused(message, lambda: catalog(context).add(Profile(name, extends=base)))
