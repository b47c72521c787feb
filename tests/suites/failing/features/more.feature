Feature: More of it

  Background:
    Given a step that passes

  Scenario: An assertion
    Then an assertion fails with "more"

  Scenario: A KeyError
    When a key is missing

  Scenario: An undefined step behind a failing one
    When an assertion fails with "before"
    Then this step is not defined at all
