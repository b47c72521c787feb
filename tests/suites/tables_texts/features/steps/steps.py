import json

from behave import given, then


@given("the people")
def the_people(context):
    context.people = [row.as_dict() for row in context.table]
    assert all("name" in person for person in context.people)


@then("there are {count:d} people")
def there_are(context, count):
    assert len(context.people) == count, f"{context.people}"


@given("the text")
def the_text(context):
    context.lines = context.text.splitlines()
    context.kind = context.text.content_type
    context.body = str(context.text)


@then("it has {count:d} lines")
def it_has_lines(context, count):
    assert len(context.lines) == count, context.lines


@then("it is JSON")
def it_is_json(context):
    assert json.loads(context.body) == {"a": [1, 2]}
