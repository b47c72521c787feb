Feature: The first of two that write the same file

  Scenario: The first writes
    Given the other feature has begun, as this one, the first, has
    Then "first" is written
