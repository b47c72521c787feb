import ctypes

from behave import step


@step("a step that passes")
def passes(context):
    pass


@step("C code waits")
def waits(context):
    libc = ctypes.PyDLL(None)
    while True:
        libc.pause()
