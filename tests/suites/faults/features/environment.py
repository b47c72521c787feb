import tempfile
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

from shop.tiers import TierService

_sleep = time.sleep


def before_all(context):
    time.sleep = lambda seconds: _sleep(min(seconds, 0.01))
    context.server = HTTPServer(("127.0.0.1", 8080), BaseHTTPRequestHandler)


def before_scenario(context, scenario):
    context.tiers = TierService()
    context.url = "sqlite:///" + tempfile.mktemp(suffix=".db")
