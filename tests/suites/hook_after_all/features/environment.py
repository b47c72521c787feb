def after_all(context):
    print("in after_all")
    raise RuntimeError("after_all is broken")
