import datetime
from enum import Enum

import parse
from behave import given, register_type, step, when
from parse_type import TypeBuilder


class Colour(Enum):
    red = 1
    green = 2


class Day:
    def __init__(self, text):
        self.date = datetime.date.fromisoformat(text)


@parse.with_pattern(r"\d{4}-\d\d-\d\d")
def parse_day(text):
    return Day(text)


@parse.with_pattern(r"\d+")
def parse_strict(text):
    if text == "13":
        raise ValueError("13 is not allowed")
    return int(text)


@parse.with_pattern(r"\d+")
def parse_odd(text):
    assert int(text) % 2, f"{text} is even"
    return int(text)


parse_colour = TypeBuilder.make_enum(Colour)
register_type(
    Day=parse_day,
    Strict=parse_strict,
    Odd=parse_odd,
    Colour=parse_colour,
    Colours=TypeBuilder.with_many(parse_colour),
    YesNo=TypeBuilder.make_enum({"yes": True, "no": False}),
)


@given("the day {day:Day}")
def the_day(context, day):
    assert day.date == datetime.date(2024, 2, 29)


@given("the colour {colour:Colour}, and colours {colours:Colours}")
def the_colour(context, colour, colours):
    assert colour is Colour.red
    assert colours == [Colour.green, Colour.red]


@given("the yes or no: {answer:YesNo}")
def yes_or_no(context, answer):
    assert answer is True


@step("a step that passes")
def passes(context):
    pass


@when("the strict number {number:Strict} is read")
def strict(context, number):
    raise AssertionError("not reached")


@when("the odd number {number:Odd} is read")
def odd(context, number):
    raise AssertionError("not reached")
