Feature: A background that fails

  Background:
    Given a step that raises

  Scenario: One
    Then 1 is paid

  Scenario: Two
    Then 1 is paid
