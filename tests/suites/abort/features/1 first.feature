Feature: Before the abort

  Scenario: It passes
    Given a step that passes
