def after_step(context, step):
    print("in after_step")
    if step.name == "a step with a broken hook":
        assert False, "after_step is broken"
