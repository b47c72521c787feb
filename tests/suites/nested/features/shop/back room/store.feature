Feature: In a folder of a folder

  Scenario: It finds all steps
    Given a step further below

  Scenario: It fails
    Given a step below
    Then a step that fails
