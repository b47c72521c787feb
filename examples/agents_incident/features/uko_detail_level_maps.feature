Feature: Detail-level maps of the knowledge ontology

  A vocabulary names how finely a piece of context can be told. It inherits the levels of
  the vocabulary that it extends, and puts its own among them.

  Scenario Outline: The vocabulary <vocabulary>
    When I run `agents context levels <vocabulary>`
    Then it succeeds
    And the levels are "<levels>"

    Examples:
      | vocabulary | levels                                                                 |
      | document   | title, outline, summary, full                                          |
      | code       | title, outline, signatures, docstrings, summary, full                  |
      | python     | title, outline, signatures, types, docstrings, summary, bodies, full   |
      | table      | title, columns, outline, summary, sample, full                         |

  Scenario: A vocabulary that is not there
    When I run `agents context levels music`
    Then it ends with exit code 3
    And the error is "there is no vocabulary "music""
    And the hint is "known: document, code, python, table"

  Scenario: A level has a depth
    Given the vocabulary "base" with "coarse, fine"
    And the vocabulary "mine" that extends "base" and puts "middle" after "coarse"
    When the map of "mine" is built
    Then the depth of "fine" is 2
    And the level at 99 is "fine"
    And the level at -1 is "coarse"

  Scenario: A level that is not there
    Given the vocabulary "base" with "coarse, fine"
    When the map of "base" is built
    Then asking for the depth of "middle" is refused: "base has no level "middle""

  Scenario: A level after nothing
    Given the vocabulary "base" with "coarse, fine"
    And the vocabulary "mine" that extends "base" and puts "middle" after "rough"
    Then building "mine" is refused: "mine puts "middle" after "rough", which is no level"

  Scenario: A level twice
    Given the vocabulary "base" with "coarse, fine"
    And the vocabulary "mine" that extends "base" and puts "fine" after "coarse"
    Then building "mine" is refused: "mine names the level "fine" again"

  Scenario: Vocabularies in a circle
    Given the vocabulary "one" that extends "two" and puts "a" after "b"
    And the vocabulary "two" that extends "one" and puts "b" after "a"
    Then building "one" is refused: "the vocabularies go in a circle: one extends two extends one"
