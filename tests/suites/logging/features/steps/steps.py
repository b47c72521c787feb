import logging

from behave import given, then
from behave.log_capture import capture


@given('"{text}" is logged')
def is_logged(context, text):
    for name in ("shop", "shop.noise", "shop.till"):
        logging.getLogger(name).debug("debug %s", text)
        logging.getLogger(name).info("info %s", text)
        logging.getLogger(name).error("error %s", text)


@given("the log level is {level}")
def the_level_is(context, level):
    before = logging.getLogger("shop").level
    logging.getLogger("shop").setLevel(level)
    context.add_cleanup(logging.getLogger("shop").setLevel, before)


@then("it fails")
@capture
def fails(context):
    assert False, "with a log"
