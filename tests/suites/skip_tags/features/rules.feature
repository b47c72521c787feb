Feature: Rules are left out

  @xfail
  Rule: Left out
    Background:
      Given a step that passes

    Scenario: Four
      Given a step that fails

  Rule: Kept
    Scenario: Five
      Given a step that passes
