Feature: after_feature ends the process

  Scenario: Before
    Given a step that passes

  Scenario: Here
    Given a step that passes
    When a step before the hook
    Then a step that passes

  Scenario: After
    Given a step that passes
