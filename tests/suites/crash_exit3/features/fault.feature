Feature: A step ends the process with exit code 3

  Scenario: Before
    Given a step that passes

  Scenario: Here
    Given a step that passes
    When the process ends
    Then a step that passes

  Scenario: After
    Given a step that passes
