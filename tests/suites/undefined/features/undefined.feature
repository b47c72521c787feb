Feature: Steps that nobody defined

  Scenario: One in the middle
    Given a step that passes
    When nobody defined this
    Then nobody defined that "either" 'really'
    And a step that passes

  Scenario: The same again
    When nobody defined this

  Scenario: With a table and a text
    Given nobody defined the table
      | a |
      | 1 |
    And nobody defined the text
      """
      text
      """

  Scenario Outline: In rows
    Given nobody defined <number>
    And a step that passes

    Examples:
      | number |
      | 1      |
      | 2      |

  Scenario: All is defined
    Given a step that passes
