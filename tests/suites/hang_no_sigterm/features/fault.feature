Feature: A step that hangs ignores SIGTERM

  Scenario: Before
    Given a step that passes

  Scenario: Here
    Given a step that passes
    When SIGTERM is ignored
    Then a step that passes

  Scenario: After
    Given a step that passes
