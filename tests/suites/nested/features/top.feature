Feature: At the top

  Scenario: It finds all steps
    Given a step at the top
    And a step below
    And a step further below
