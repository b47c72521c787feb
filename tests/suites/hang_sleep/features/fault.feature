Feature: A step sleeps again and again

  Scenario: Before
    Given a step that passes

  Scenario: Here
    Given a step that passes
    When the step sleeps
    Then a step that passes

  Scenario: After
    Given a step that passes
