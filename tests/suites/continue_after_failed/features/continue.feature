Feature: The steps behind a failing one run too

  Scenario: Two fail
    Given a step that fails
    When a step that passes
    Then a step that raises
    And a step that passes

  Scenario: Undefined stops it
    Given a step that fails
    When nobody defined this
    Then a step that fails

  Scenario: None fails
    Given a step that passes

  @stop
  Scenario: This one stops
    Given a step that fails
    When a step that passes
