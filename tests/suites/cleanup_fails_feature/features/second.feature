Feature: Another feature

  Scenario: Elsewhere
    Given a step that passes
