Feature: The second one that writes

  Scenario: It writes
    Given "second" is written
    Then "second" is read

  Scenario: It writes a line after a line
    Given "second a" is written
    And "second b" is appended
    Then "second a, second b" is read

  Scenario Outline: It writes again
    Given "second <n>" is written
    Then "second <n>" is read

    Examples:
      | n |
      | 1 |
      | 2 |
      | 3 |
