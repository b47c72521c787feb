import threading


def before_all(context):
    threading.Event().wait()
