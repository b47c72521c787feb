Feature: Hooks that do not end

  Scenario: Before
    Given a step that passes

  @before
  Scenario: In before_scenario
    Given a step that passes

  @after
  Scenario: In after_scenario
    Given a step that passes

  @cleanup
  Scenario: In a cleanup
    Given a step that passes

  Scenario: After
    Given a step that passes
