Feature: After the interruption

  Scenario: It never runs
    Given a step that passes
