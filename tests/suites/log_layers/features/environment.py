import logging


class Quiet(logging.Handler):
    def emit(self, record):
        pass


def before_all(context):
    logging.getLogger().addHandler(Quiet())
    logging.getLogger("shop").addHandler(Quiet())
