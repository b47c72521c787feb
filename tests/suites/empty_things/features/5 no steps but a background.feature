Feature: No steps but a background

  Background:
    Given a step that passes

  Scenario: The background is all
