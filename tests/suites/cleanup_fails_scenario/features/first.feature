Feature: A cleanup of the scenario fails

  Scenario: Before
    Given a step that passes

  Scenario: Here
    Given a cleanup that fails, for the scenario
    And a cleanup that passes, for the scenario

  Scenario: After
    Given a step that passes
