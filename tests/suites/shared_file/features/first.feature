Feature: The first one that writes

  Scenario: It writes
    Given "first" is written
    Then "first" is read

  Scenario: It writes a line after a line
    Given "first a" is written
    And "first b" is appended
    Then "first a, first b" is read

  Scenario Outline: It writes again
    Given "first <n>" is written
    Then "first <n>" is read

    Examples:
      | n |
      | 1 |
      | 2 |
      | 3 |
