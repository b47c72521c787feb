Feature: Feature a

  Scenario: First of a
    Given something old
    When it is used 2 times

  Scenario: Second of a
    Given something old
    When it is used 1 times
    And it was used while loading

  Scenario: Third of a
    Given something old
    When it is used 1 times
    Then it fails
