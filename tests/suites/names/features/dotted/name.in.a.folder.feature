Feature: Dots in names, the same JUnit file

  Scenario: It passes
    Given "." is said
