Feature: Configuration in pyproject.toml

  Scenario: It is read
    Then the colour is "blue"

  @out
  Scenario: It is left out
    Then the colour is "red"

  Scenario: It fails
    Then the colour is "green"
