Feature: The interruption

  Scenario: Here
    Given a KeyboardInterrupt is raised
    Then a step that passes

  Scenario: After
    Given a step that passes
