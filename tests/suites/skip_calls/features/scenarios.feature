Feature: Scenarios are skipped by code

  @skip.scenario
  Scenario: Skipped in before_scenario
    Given a step that fails

  @skip.marked
  Scenario: Marked in before_feature
    Given a step that fails

  Scenario: Skipped in a step
    Given a step that passes
    When the scenario is skipped
    Then a step that fails

  Scenario: Not skipped
    Given a step that passes

  @skip.tag
  Scenario: Skipped in before_tag
    Given a step that fails

  @skip.late
  Scenario: Skipped when all is done
    Given a step that passes

  Scenario Outline: Rows
    Given a step that passes
    When the scenario is skipped

    Examples:
      | n |
      | 1 |
      | 2 |
