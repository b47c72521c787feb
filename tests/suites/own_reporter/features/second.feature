Feature: Another feature

  Scenario: It passes
    Given the number 1
