Feature: Another one

  Scenario: Not a shop
    Given nothing
