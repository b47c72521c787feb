Feature: Hooks that change the model

  Scenario: It gets a tag
    Then its tags are added

  Scenario: It gets another name
    Then its name is "Renamed"

  Scenario: It gets a description and a step
    Given a step that passes

  Scenario: It fails with its new name
    Given a step that fails

  Scenario Outline: Rows get names
    Then its name is "Row <n>"

    Examples:
      | n |
      | 1 |
      | 2 |
