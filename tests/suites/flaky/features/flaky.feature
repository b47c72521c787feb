Feature: Scenarios that fail the first time

  Scenario: Steady
    Given a step that passes

  Scenario: Flaky
    Given a step that passes
    When it fails the first time
    Then a step that passes

  Scenario: Flaky by an exception
    When it raises the first time

  Scenario: Broken for good
    When it always fails

  Scenario Outline: Flaky rows
    When row <n> fails the first time

    Examples:
      | n |
      | 1 |
      | 2 |
