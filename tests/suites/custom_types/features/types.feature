Feature: Types of its own

  Scenario: A date and a choice
    Given the day 2024-02-29
    And the colour red, and colours green, red
    And the yes or no: yes

  Scenario: A converter that raises
    Given a step that passes
    When the strict number 13 is read
    Then a step that passes

  Scenario: A converter that asserts
    When the odd number 12 is read

  Scenario: A value that does not match
    Given the colour pink, and colours red
