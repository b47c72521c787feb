Feature: An undefined step in the background

  Background:
    Given nobody defined the background
    And a step that passes

  Scenario: One
    Given a step that passes

  Scenario: Two
    * nobody defined größer
