Feature: A thread ends the process while a step waits

  Scenario: Before
    Given a step that passes

  Scenario: Here
    Given a step that passes
    When a thread ends the process
    Then a step that passes

  Scenario: After
    Given a step that passes
