Feature: Step matchers

  Scenario: parse
    Given the parse number 12
    And the parse words "one two" and three
    And the word before colon: after

  Scenario: re
    Given the re number 12
    And the re number 12 or more
    And the re word without a name

  Scenario: cfparse
    Given the cfparse numbers 1, 2, 3
    And the cfparse numbers
    And the cfparse colour red
    And the cfparse colour

  Scenario: cucumber expressions
    Given the cucumber number 12
    And the cucumber numbers 12
    And the cucumber text "one two"
    And the cucumber colour red
    And 1 cucumber
    And 5 cucumbers are fresh/ripe

  Scenario: A number that is none
    Given the parse number twelve
