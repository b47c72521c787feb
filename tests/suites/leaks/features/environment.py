import os
import socketserver
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

if os.environ.get("SUITE_ENABLE"):
    import surefoot
else:
    surefoot = None


class Answer(socketserver.BaseRequestHandler):
    def handle(self):
        # Reads until the client closes: the connection, its thread and its file live on.
        self.server.kept.append(open(__file__, encoding="utf-8"))
        while data := self.request.recv(100):
            self.request.sendall(data)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    kept = []


def before_all(context):
    if surefoot is not None:
        surefoot.enable(context)
    context.server = Server(("127.0.0.1", 0), Answer)
    threading.Thread(target=context.server.serve_forever, daemon=True).start()


def after_all(context):
    context.server.shutdown()
    context.server.server_close()


def before_feature(context, feature):
    context.pool = ThreadPoolExecutor(1)
    context.pool.submit(int).result()


def after_feature(context, feature):
    context.pool.shutdown()
