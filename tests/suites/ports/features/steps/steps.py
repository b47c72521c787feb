import os
import socket

from behave import given, then

from surefoot.isolation import free_port


@given("a server on a leased port")
def server(context):
    context.port = free_port()
    context.server = socket.create_server(("127.0.0.1", context.port))
    context.add_cleanup(context.server.close)


@then('it answers "{text}" to itself')
def answers(context, text):
    with socket.create_connection(("127.0.0.1", context.port), timeout=10) as client:
        accepted, _ = context.server.accept()
        with accepted:
            accepted.sendall(text.encode())
            assert client.recv(100) == text.encode()


@then("no scenario that runs now has the same port")
def alone(context):
    mark = os.path.join(os.environ.get("SUITE_STATE", "."), f"port-{context.port}")
    # Exclusive: two at once with one port would make the second fail here.
    with open(mark, "x", encoding="utf-8"):
        context.add_cleanup(os.unlink, mark)
