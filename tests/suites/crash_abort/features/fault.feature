Feature: A step aborts, as C++ does on an exception that nobody catches

  Scenario: Before
    Given a step that passes

  Scenario: Here
    Given a step that passes
    When the process aborts
    Then a step that passes

  Scenario: After
    Given a step that passes
