import queue
import threading

from behave import then

questions = queue.SimpleQueue()


def serve():
    while True:
        question, answers = questions.get()
        answers.put({"ping": "pong"}[question])


thread = threading.Thread(target=serve, name="early bird", daemon=True)
thread.start()


@then("the thread is alive")
def is_alive(context):
    assert thread.is_alive()


@then('the thread answers "{answer}"')
def it_answers(context, answer):
    answers = queue.SimpleQueue()
    questions.put(("ping", answers))
    assert answers.get(timeout=10) == answer
