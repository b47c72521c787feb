Feature: Scenarios that need the ones before

  Scenario: Fill the store
    Given the store gets 3 apples
    Then the store holds 3 apples

  Scenario: Sell one
    When 1 apple is sold
    Then the store holds 2 apples

  Scenario: Sell another one
    When 1 apple is sold
    Then the store holds 1 apples
