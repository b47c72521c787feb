import logging

from behave import given, then, when
from behave.runner import scoped_context_layer


@given('"{text}" is logged')
@when('"{text}" is logged')
def is_logged(context, text):
    logging.getLogger("shop").warning("warning %s", text)
    print(text)


@when("a layer ends")
def layer_ends(context):
    with scoped_context_layer(context):
        context.inner = 1
    assert "inner" not in context


@when("a layer with a cleanup ends")
def layer_with_cleanup_ends(context):
    with scoped_context_layer(context):
        context.add_cleanup(print, "cleaned")


@then("it fails and tells who listens")
def fails(context):
    root = [type(handler).__name__ for handler in logging.getLogger().handlers]
    shop = [type(handler).__name__ for handler in logging.getLogger("shop").handlers]
    assert False, f"{root} {shop} {logging.getLogger().level}"
