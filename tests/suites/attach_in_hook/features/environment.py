def after_scenario(context, scenario):
    context.attach("text/plain", b"from a hook")
