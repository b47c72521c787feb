Feature: A reporter of its own

  Scenario: It passes
    Given the number 1

  Scenario: It fails
    Given the number 2
