import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Echo(BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.path.strip("/").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass


def before_all(context):
    context.server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    context.port = context.server.server_address[1]
    context.thread = threading.Thread(target=context.server.serve_forever, args=(0.01,))
    context.thread.start()


def after_all(context):
    context.server.shutdown()
    context.thread.join()
    context.server.server_close()
