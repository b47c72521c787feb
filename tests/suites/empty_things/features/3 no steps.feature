Feature: Scenarios without steps

  Scenario: Nothing to do

  @tagged
  Scenario: Nothing to do, with a tag

  Scenario: Something to do
    Given a step that passes
