Feature: Feature b

  Scenario: First of b
    Given something old
    When it is used 2 times

  Scenario: Second of b
    Given something old
    When it is used 1 times
    And it was used while loading

  Scenario: Third of b
    Given something old
    When it is used 1 times
    Then it fails
