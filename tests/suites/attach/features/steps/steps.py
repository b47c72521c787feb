from behave import given, then


@given("a text is attached")
def a_text(context):
    context.attach("text/plain", "größer\n".encode())


@given("bytes are attached")
def some_bytes(context):
    context.attach("application/octet-stream", bytes(range(256)))
    context.attach("image/png", b"\x89PNG not really")


@then("it fails")
def fails(context):
    context.attach("text/html", b"<b>before</b>")
    assert False, "after an attachment"
