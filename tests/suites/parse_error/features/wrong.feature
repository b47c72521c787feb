Feature: Wrong

  Scenario: One
    Given a step that passes
    This is no step
