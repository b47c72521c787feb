import urllib.request

from behave import then, when


@when('"{path}" is asked for')
def is_asked_for(context, path):
    url = f"http://127.0.0.1:{context.port}{path}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=10) as answer:
        context.answer = answer.read().decode()


@then('the answer is "{answer}"')
def the_answer_is(context, answer):
    assert context.answer == answer, context.answer
