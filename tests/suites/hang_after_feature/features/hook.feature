Feature: Hooks that do not end: after_feature

  Scenario: One
    Given a step that passes

  Scenario: Two
    Given a step that passes
