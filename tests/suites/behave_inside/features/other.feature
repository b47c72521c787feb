Feature: Elsewhere

  Scenario: Far away
    Given a step that passes
