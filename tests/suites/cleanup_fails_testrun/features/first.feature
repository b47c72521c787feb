Feature: A cleanup of the testrun fails

  Scenario: Before
    Given a step that passes

  Scenario: Here
    Given a cleanup that fails, for the testrun
    And a cleanup that passes, for the testrun

  Scenario: After
    Given a step that passes
