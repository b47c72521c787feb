Feature: After the abort

  Scenario: It never runs
    Given a step that passes
