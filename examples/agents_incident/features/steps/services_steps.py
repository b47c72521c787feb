"""Steps of the event bus, of dependency injection, and of the optional A2A SDK."""

import types

from agents import a2a
from agents.application import Settings, make_container
from agents.autonomy import Profile, ProfileCatalog
from agents.bus import EventBus
from agents.container import Container
from agents.errors import AgentsError
from behave import given, then, when
from refusal import refused

# -- the event bus


@given("an event bus")
def event_bus(context):
    context.bus = EventBus()
    context.heard, context.unsubscribe = {}, {}


@given('the handler "{name}" for "{pattern}"')
def handler(context, name, pattern):
    heard = context.heard[name] = []
    context.unsubscribe[name] = context.bus.subscribe(pattern, lambda topic, _: heard.append(topic))


@given('the handler "{name}", which fails with "{text}", for "{pattern}"')
def failing_handler(context, name, text, pattern):
    def fail(_topic, _payload):
        raise RuntimeError(text)

    fail.__name__ = name
    context.bus.subscribe(pattern, fail)


@when('"{topic}" is published')
def publish(context, topic):
    context.delivery = context.bus.publish(topic)


@when('"{name}" unsubscribes')
def unsubscribe(context, name):
    context.unsubscribe[name]()


@then('"{name}" heard "{topics}"')
def heard(context, name, topics):
    assert context.heard[name] == topics.split(", "), context.heard


@then('"{name}" heard nothing')
def heard_nothing(context, name):
    assert context.heard[name] == [], context.heard


def told(failures):
    return ", ".join(f"{failure.handler}: {failure.error}" for failure in failures)


@then('{count:d} handlers took it and these failed: "{failures}"')
def delivery_is(context, count, failures):
    found = context.delivery.delivered, told(context.delivery.failures)
    assert found == (count, failures), found


@then('the bus keeps these failures: "{failures}"')
def bus_keeps(context, failures):
    assert told(context.bus.failures()) == failures, told(context.bus.failures())


# -- dependency injection


class First:
    """A service that does nothing but be made and closed."""

    def __init__(self, context):
        self.context = context
        context.made.append("first")

    def close(self):
        self.context.closed.append("first")


class Second:
    """A service that needs the first."""

    def __init__(self, context, first):
        self.context, self.first = context, first
        context.made.append("second")

    def close(self):
        self.context.closed.append("second")


@given('an application with the profile "{name}" in its catalog')
def application_with_profile(context, name):
    context.container = make_container(Settings(context.environ["AGENTS_DATABASE"]))
    context.add_cleanup(context.container.close)
    catalog = ProfileCatalog()
    catalog.add(Profile(name, extends="review"))
    context.container.override(ProfileCatalog, lambda _: catalog)


@given("a container of counted services")
def counted_services(context):
    context.made, context.closed = [], []
    context.services = Container()
    context.services.register(First, lambda _: First(context))
    context.services.register(Second, lambda services: Second(context, services.resolve(First)))


@given("a container whose services need each other")
def circular_services(context):
    context.services = Container()
    context.services.register(First, lambda services: services.resolve(Second))
    context.services.register(Second, lambda services: services.resolve(First))


@given("an empty container")
def empty_container(context):
    context.services = Container()


@when("the service is asked for {count:d} times")
def ask(context, count):
    for _ in range(count):
        context.services.resolve(First)


@when("the services are asked for, and the container is closed")
def ask_and_close(context):
    context.services.resolve(Second)
    context.services.close()


@then("it was made once")
def made_once(context):
    assert context.made == ["first"], context.made


@then('they were closed as "{names}"')
def closed_as(context, names):
    assert ", ".join(context.closed) == names, context.closed


@then('asking is refused: "{message}"')
def asking_refused(context, message):
    refused(message, lambda: context.services.resolve(First))


@then('overriding is refused: "{message}"')
def overriding_refused(context, message):
    refused(message, lambda: context.services.override(First, lambda _: None))


# -- the A2A SDK


class NamingTransport:
    """Stands in for the SDK's: each agent answers with its name and the URL."""

    def __init__(self, url):
        self.url = url

    def send(self, agent, _task):
        return f"{agent} at {self.url}"


@given("the A2A SDK is not installed")
def no_sdk(context):
    def importing(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    context.importing = importing


@given("an A2A SDK whose agents answer with their name")
def naming_sdk(context):
    context.importing = lambda _: types.SimpleNamespace(Transport=NamingTransport)


@when('I connect to the agents at "{url}"')
def connect(context, url):
    context.client, context.error = None, None
    try:
        context.client = a2a.connect(url, importing=context.importing)
    except AgentsError as error:
        context.error = error


@then('connecting is refused: "{message}"')
def connecting_refused(context, message):
    assert context.error is not None, "it was not refused"
    assert context.error.message == message, context.error.message


@then('what to do is "{hint}"')
def hint_is(context, hint):
    assert context.error.hint == hint, context.error.hint


@then('the agent "{name}" answers "{text}"')
def agent_answers(context, name, text):
    assert context.client.ask(name, "who are you?") == text
