import os
import shutil
import subprocess
import tempfile

from behave import then, when

def place(name):
    return os.path.join(tempfile.gettempdir(), name)


@when('"{name}" is written to the temporary directory')
def write(context, name):
    with open(place(name), "w", encoding="utf-8") as file:
        file.write("x")


@then('a child process sees "{name}" in its own')
def seen(context, name):
    made = subprocess.run(["mktemp"], capture_output=True, text=True, check=True).stdout.strip()
    os.unlink(made)
    assert os.path.exists(os.path.join(os.path.dirname(made), name))


@then('"{name}" is in the temporary directory')
def is_there(context, name):
    context.path = place(name)
    assert os.path.exists(context.path)


@then("it can be removed")
def remove(context):
    os.unlink(context.path)


@when("a directory made there is removed with all that is in it")
def remove_all(context):
    made = tempfile.mkdtemp()
    tempfile.mkstemp(dir=made)
    shutil.rmtree(made)


@then("temporary files can still be made")
def made(context):
    with tempfile.NamedTemporaryFile() as file:
        assert os.path.dirname(file.name) == tempfile.gettempdir()
