Feature: Scenarios that need nothing

  Scenario: One
    Given nothing

  Scenario: Two
    Given nothing
