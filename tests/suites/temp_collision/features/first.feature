Feature: The first of two that take the same name for a temporary file

  Scenario: The first has a file of its own
    Given the other feature has begun, as this one, the first, has
    Then "shop.db" is made in the temporary directory, where it was not before
