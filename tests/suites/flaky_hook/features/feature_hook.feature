Feature: A hook of the feature fails the first time

  Scenario: One
    Given a step that passes

  Scenario: Two
    Given a step that passes
