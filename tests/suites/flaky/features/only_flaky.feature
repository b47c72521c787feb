@only
Feature: Nothing here is broken for good

  Scenario: Flaky too
    When this fails the first time

  Scenario: Steady too
    Given a step that passes
