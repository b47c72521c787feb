Feature: Dots in names

  Scenario: It passes
    Given "." is said
