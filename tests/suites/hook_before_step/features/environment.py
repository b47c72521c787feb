def before_step(context, step):
    print("in before_step")
    if step.name == "a step with a broken hook":
        raise RuntimeError("before_step is broken")


def after_step(context, step):
    print("in after_step")
