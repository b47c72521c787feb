Feature: An environment that takes its time

  Scenario: One
    Given a step that passes
