Feature: before_all ends the process

  Scenario: Before
    Given a step that passes

  Scenario: Here
    Given a step that passes
    When a step behind the hook
    Then a step that passes

  Scenario: After
    Given a step that passes
