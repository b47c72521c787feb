Feature: A hook that fails the first time

  Scenario: Steady
    Given a step that passes

  @before
  Scenario: Flaky in before_scenario
    Given a step that passes

  @after
  Scenario: Flaky in after_scenario
    Given a step that passes
