Feature: Asynchronous steps

  Scenario: They pass
    Given a task that gives 3
    When 2 tasks give 4
    Then the sum is 11

  Scenario: One fails
    Given a task that gives 3
    Then the sum is 4

  Scenario: One raises
    Given a task that raises

  Scenario: One takes too long
    Given a task that never ends
