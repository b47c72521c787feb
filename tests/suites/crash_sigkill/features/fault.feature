Feature: A step is killed, as by a machine without memory

  Scenario: Before
    Given a step that passes

  Scenario: Here
    Given a step that passes
    When the process is killed
    Then a step that passes

  Scenario: After
    Given a step that passes
