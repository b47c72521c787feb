Feature: A server that before_all starts

  Scenario: It answers
    When "/hello" is asked for
    Then the answer is "hello"

  Scenario: It answers again
    When "/again" is asked for
    Then the answer is "again"
