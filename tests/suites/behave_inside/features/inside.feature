Feature: Steps that run behave's model by themselves

  Scenario: Before
    Given a step that passes

  Scenario: A feature within
    When this feature is run with "--tags=@chosen":
      """
      Feature: Within
        @chosen
        Scenario: It is chosen
          Given a step that passes

        Scenario: It is not chosen
          Given a step that passes
      """
    Then "It is chosen" passed within
    And "It is not chosen" skipped within
    And a step that passes

  Scenario: A feature within that fails
    When this feature is run with "":
      """
      Feature: Within
        Scenario: It fails
          Given a step that fails
      """
    Then "It fails" failed within
    But a step that fails

  Scenario: After
    Given a step that passes
