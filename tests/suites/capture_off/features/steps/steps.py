import logging
import sys

from behave import step

log = logging.getLogger("shop.till")


@step('"{text}" is printed')
def is_printed(context, text):
    print(text)


@step('"{text}" is written to standard error')
def is_written(context, text):
    print(text, file=sys.stderr)


@step('"{text}" is logged')
def is_logged(context, text):
    log.debug("debug: %s", text)
    log.info("info: %s", text)
    log.warning("warning: %s", text)
    logging.getLogger().error("root: %s", text)


@step("it fails")
def fails(context):
    print("just before the failure")
    assert False, "with output"


@step("it raises")
def raises(context):
    sys.stderr.write("no newline at the end")
    raise RuntimeError("with output")
