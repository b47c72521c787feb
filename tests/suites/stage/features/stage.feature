Feature: Stages

  Scenario: Each has steps of its own
    Given the steps of the stage
    Then the environment is that of the stage
