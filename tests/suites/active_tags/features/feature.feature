@use.with_colour=green
Feature: None of it

  Scenario: Nothing
    Given a step that fails
