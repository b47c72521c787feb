import os
import tempfile
from http.server import BaseHTTPRequestHandler, HTTPServer

from shop.tiers import TierService


def before_all(context):
    context.server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)


def after_all(context):
    context.server.server_close()


def before_scenario(context, scenario):
    context.tiers = TierService()
    descriptor, context.path = tempfile.mkstemp(suffix=".db")
    os.close(descriptor)
    context.url = "sqlite:///" + context.path


def after_scenario(context, scenario):
    os.unlink(context.path)
