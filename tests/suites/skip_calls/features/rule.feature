Feature: A rule is skipped by code

  @skip.rule
  Rule: Skipped
    Scenario: Three
      Given a step that fails

  Rule: Not skipped
    Scenario: Four
      Given a step that passes
