@skip.feature
Feature: The feature is skipped by code

  Scenario: One
    Given a step that fails

  Rule: A rule
    Scenario: Two
      Given a step that fails
