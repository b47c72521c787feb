Feature: Attachments outside of steps

  Scenario: It passes
    Given a step that passes
