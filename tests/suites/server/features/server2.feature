Feature: The server is still there

  Scenario: It answers here too
    When "/here" is asked for
    Then the answer is "here"

  Scenario: It does not answer what nobody asked
    When "/one" is asked for
    Then the answer is "two"
