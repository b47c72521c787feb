Feature: Hooks that change steps

  Scenario: A step gets another name
    Given a step that changes its name
