Feature: Steps that fail

  Scenario: An assertion with a message
    Given a step that passes
    When an assertion fails with "expected 4, got 5"
    Then a step that passes
    And a step that passes

  Scenario: An assertion without a message
    Given an assertion fails

  Scenario: An assertion with several lines
    Given an assertion fails with the text
      """
      first line
        second line: ü → 漢字
      ... passed in 0.123s
      """

  Scenario: An exception
    Given a step that passes
    When a ValueError "not a number" is raised
    Then a step that passes

  Scenario: An exception with a cause
    Given an exception with a cause is raised

  Scenario: An exception while another is handled
    Given an exception while another is handled

  Scenario: An exception of an own class
    Given an exception of an own class is raised

  Scenario: Nothing wrong
    Given a step that passes

  Scenario: The last step fails
    Given a step that passes
    When a step that passes
    Then an assertion fails with "the end"
