Feature: Step modules that import each other

  Scenario: They work
    Given a step of the first module
    And a step of the second module
    And a step of a module beside the features
    Then 3 steps were counted
