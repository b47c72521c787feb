Feature: The second of two that write the same file

  Scenario: The second writes
    Given the other feature has begun, as this one, the second, has
    Then "second" is written
