import threading


def after_all(context):
    threading.Event().wait()
