Feature: It cannot be loaded

  Scenario: One
    Given a step that passes
