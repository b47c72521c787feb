import parse
from behave import given, register_type, use_step_matcher
from behave.cucumber_expression import ParameterType, define_parameter_type, use_step_matcher_for_cucumber_expressions


@parse.with_pattern("red|green")
def parse_colour(text):
    return text.upper()


@parse.with_pattern(r"\d+")
def parse_number_type(text):
    return int(text)


@parse.with_pattern(r"\s+")
def parse_space(text):
    return text


register_type(Number=parse_number_type, Colour=parse_colour, Space=parse_space)


@given("the parse number {number:d}")
def parse_number(context, number):
    assert number == 12


@given('the parse words "{words}" and {word:w}')
def parse_words(context, words, word):
    assert (words, word) == ("one two", "three")


@given("the word before colon: {}")
def before_colon(context, word):
    assert word == "after"


use_step_matcher("re")


@given(r"the re number (?P<number>\d+)(?: or (?P<rest>\w+))?")
def re_number(context, number, rest):
    assert number == "12" and rest in (None, "more")


@given(r"the re word (without|with) a (\w+)")
def re_word(context, first, second):
    assert (first, second) == ("without", "name")


use_step_matcher("cfparse")


@given("the cfparse numbers {numbers:Number+}")
def cfparse_numbers(context, numbers):
    assert numbers == [1, 2, 3]


@given("the cfparse numbers{numbers:Number*}")
def cfparse_none(context, numbers):
    assert numbers == []


@given("the cfparse colour{space:Space?}{colour:Colour?}")
def cfparse_colour(context, space, colour):
    assert colour in (None, "RED")


use_step_matcher_for_cucumber_expressions()
define_parameter_type(ParameterType("colour", "red|green", str, lambda text: text.title(), True, False))


@given("the cucumber number(s) {int}")
def cucumber_number(context, number):
    assert number == 12


@given("the cucumber text {string}")
def cucumber_text(context, text):
    assert text == "one two"


@given("the cucumber colour {colour}")
def cucumber_colour(context, colour):
    assert colour == "Red"


@given("{int} cucumber(s)")
def cucumbers(context, count):
    assert count == 1


@given("{int} cucumber(s) are fresh\\/ripe")
def cucumbers_are(context, count):
    assert count == 5
