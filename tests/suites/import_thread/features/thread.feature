Feature: A thread that was started while the suite was loaded

  Scenario: It is alive
    Then the thread is alive

  Scenario: It answers
    Then the thread answers "pong"
