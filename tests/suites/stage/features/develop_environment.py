def before_all(context):
    context.stage = context.config.stage
