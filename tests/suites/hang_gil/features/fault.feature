Feature: A step waits in C code and keeps the interpreter's lock

  Scenario: Before
    Given a step that passes

  Scenario: Here
    Given a step that passes
    When C code waits
    Then a step that passes

  Scenario: After
    Given a step that passes
