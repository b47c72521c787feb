@skipped
Feature: Skipped

  Scenario: It does not run
    Given the number 1
