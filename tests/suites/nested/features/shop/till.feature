Feature: In a folder

  Scenario: It finds all steps
    Given a step at the top
    And a step below
