Feature: Logging

  Scenario: It fails and shows its log
    Given "one" is logged
    Then it fails

  Scenario: A level is set in the step
    Given the log level is ERROR
    And "two" is logged
    Then it fails
