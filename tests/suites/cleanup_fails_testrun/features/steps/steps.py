from behave import given


def complain():
    print("the cleanup says something")
    raise RuntimeError("the cleanup failed")


@given("a step that passes")
def passes(context):
    pass


@given("a cleanup that fails, for the {layer}")
def a_cleanup_that_fails(context, layer):
    context.add_cleanup(complain, layer=layer)


@given("a cleanup that passes, for the {layer}")
def a_cleanup_that_passes(context, layer):
    context.add_cleanup(print, "cleaned up", layer=layer)
