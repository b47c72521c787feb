def before_all(context):
    context.config.setup_logging()
