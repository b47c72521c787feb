@marked
Feature: First

  Scenario: One
    Given a step that passes

  @broken
  Scenario: Two
    Given a step that passes
    When a step with a broken hook
    Then a step that passes

  Scenario: Three
    Given a step that passes
