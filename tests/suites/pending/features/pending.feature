Feature: Steps that are not implemented

  Scenario: One
    Given a step that passes
    When a step that is pending
    Then a step that passes

  @wip
  Scenario: Work in progress
    Given a step that passes
    When a step that is pending
    Then a step that passes

  Scenario: None
    Given a step that passes
