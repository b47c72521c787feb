Feature: Feature c

  Scenario: First of c
    Given something old
    When it is used 2 times

  Scenario: Second of c
    Given something old
    When it is used 1 times
    And it was used while loading

  Scenario: Third of c
    Given something old
    When it is used 1 times
    Then it fails
