@tdd
Feature: The event bus does not swallow what its handlers raise

  A handler that fails must not keep the others from hearing, and must not go unheard.

  Scenario: All handlers hear
    Given an event bus
    And the handler "first", which fails with "no room", for "job.*"
    And the handler "second" for "job.*"
    And the handler "third" for "job.failed"
    When "job.failed" is published
    Then "second" heard "job.failed"
    And "third" heard "job.failed"

  Scenario: A topic that nobody subscribes to
    Given an event bus
    And the handler "first" for "session.*"
    When "job.failed" is published
    Then "first" heard nothing


  Scenario: The publisher learns of a failure
    Given an event bus
    And the handler "first", which fails with "no room", for "job.*"
    When "job.failed" is published
    Then 0 handlers took it and these failed: "first: no room"
    And the bus keeps these failures: "first: no room"

  Scenario: Who no longer subscribes hears nothing
    Given an event bus
    And the handler "first" for "*"
    When "first" unsubscribes
    And "job.failed" is published
    Then "first" heard nothing

  Scenario Outline: The pattern <pattern> covers <heard>
    Given an event bus
    And the handler "one" for "<pattern>"
    When "job.failed" is published
    And "jobs.failed" is published
    Then "one" heard "<heard>"

    Examples:
      | pattern     | heard                   |
      | *           | job.failed, jobs.failed |
      | job.*       | job.failed              |
      | jobs.failed | jobs.failed             |
