Feature: A step raises SystemExit

  Scenario: Before
    Given a step that passes

  Scenario: Here
    Given a step that passes
    When sys.exit is called
    Then a step that passes

  Scenario: After
    Given a step that passes
