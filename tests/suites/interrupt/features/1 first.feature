Feature: Before the interruption

  Scenario: It passes
    Given a step that passes
