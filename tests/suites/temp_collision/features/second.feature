Feature: The second of two that take the same name for a temporary file

  Scenario: The second has a file of its own
    Given the other feature has begun, as this one, the second, has
    Then "shop.db" is made in the temporary directory, where it was not before
