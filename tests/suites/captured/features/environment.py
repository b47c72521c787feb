import logging


def before_all(context):
    context.config.setup_logging()
    print("from before_all")


def before_scenario(context, scenario):
    print("from before_scenario")
    logging.getLogger("hook").warning("from before_scenario")


def after_scenario(context, scenario):
    print("from after_scenario")


def before_step(context, step):
    print("from before_step")


def after_step(context, step):
    print("from after_step")


def after_all(context):
    print("from after_all")
