@outline
Feature: Outlines

  @row:<n> @kind.<kind>
  Scenario Outline: Adding <a> to <b> in <kind>
    Given the numbers <a> and <b>
    When they are added
    Then the sum is <sum>

    @small
    Examples: Small
      | a | b | sum | kind | n |
      | 1 | 2 | 3   | cups | 1 |
      | 0 | 0 | 0   | pots | 2 |

    @large @fast
    Examples: Large ones
      | a    | b    | sum   | kind | n |
      | 1000 | 2000 | 3000  | cups | 3 |
      | 1000 | 2000 | 99999 | pots | 4 |

    Examples:
      | a  | b  | sum | kind  | n |
      | -1 | -2 | -3  | holes | 5 |

  Scenario Outline: Placeholders elsewhere
    Given the table
      | name   | value   | both            |
      | <name> | <value> | <name>: <value> |
      | fixed  | 1       | x               |
    And the text
      """
      Dear <name>,
      you owe <value>.
      """
    Then "<name>" and "<value>" are in both

    Examples: People
      | name  | value |
      | Anna  | 12    |
      | Bo Li | 1,50  |

  Scenario Outline: No rows
    Given the numbers <a> and <b>

    Examples: None
      | a | b |

  Scenario Outline: The same name for all rows
    Given the numbers <a> and 1
    When they are added
    Then the sum is <sum>

    Examples:
      | a | sum |
      | 1 | 2   |
      | 2 | 3   |

  Scenario: Between outlines
    Given the numbers 1 and 1

  Scenario Template: A cell that looks like a placeholder
    Given the text
      """
      <what> <unknown>
      """
    Then the text is "<what> <unknown>"

    Scenarios: Odd
      | what    |
      | <angle> |
      | a\|b    |
      |         |
