Feature: A cleanup of the feature fails

  Scenario: Before
    Given a step that passes

  Scenario: Here
    Given a cleanup that fails, for the feature
    And a cleanup that passes, for the feature

  Scenario: After
    Given a step that passes
