from behave import given


@given("{name} of age {age:d}")
def of_age(context, name, age):
    assert age < 130, f"nobody is {age}"
