Feature: A step skips the rest of its feature

  Scenario: Before
    Given a step that passes

  Scenario: Here
    Given the feature is skipped

  Scenario: After
    Given a step that fails
