Feature: Every time

  Scenario: Wanted every time
    Given warnings are wanted every time
    When it is used 3 times
