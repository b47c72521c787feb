from behave import given


@given('"{what}" is said')
def is_said(context, what):
    print("said:", what)


@given('"{what}" is refused')
def is_refused(context, what):
    print("refused:", what)
    assert False, f"refused: {what}"
