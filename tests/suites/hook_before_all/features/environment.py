def before_all(context):
    print("in before_all")
    raise RuntimeError("before_all is broken")


def after_all(context):
    print("in after_all")
