import os
import subprocess
import sys
import threading

from behave import given, then

go = threading.Event()
gone = threading.Event()


@given("8 megabytes are printed")
def are_printed(context):
    line = "0123456789" * 10
    for _ in range(8 * 1024 * 1024 // 101):
        print(line)


@given("all bytes are written to the descriptors")
def all_bytes(context):
    for descriptor in (1, 2):
        os.write(descriptor, bytes(range(256)) * 4)


@given("a child process writes")
def a_child(context):
    code = "import os; os.write(1, b'child ' * 10000); os.write(2, b'\\xff\\xfe child')"
    subprocess.run([sys.executable, "-c", code], check=True)


def write_later():
    go.wait()
    os.write(1, b"from a thread\n")
    print("from a thread, too", file=sys.__stdout__, flush=True)
    gone.set()


@given("a thread that will write")
def a_thread(context):
    threading.Thread(target=write_later, daemon=True).start()


@given("the thread writes")
def the_thread_writes(context):
    go.set()
    assert gone.wait(10)


@given("one line is printed")
def one_line(context):
    print("one line")


@then("it fails")
def fails(context):
    assert False, "after megabytes"
