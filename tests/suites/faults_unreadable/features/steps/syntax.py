from behave import when


@when("nothing parses")
def nothing(context)
    pass
