Feature: A step waits for what never comes

  Scenario: Before
    Given a step that passes

  Scenario: Here
    Given a step that passes
    When an event is awaited
    Then a step that passes

  Scenario: After
    Given a step that passes
