Feature: The abort

  Scenario: Before
    Given a step that passes

  Scenario: Here
    Given the run is aborted
    Then a step that passes

  Scenario: After
    Given a step that passes
