Feature: Asynchronous execution of jobs

  Jobs go from queued to running, and then to succeeded, failed or cancelled. Nobody
  has to poll for it.

  Rule: A job goes through its states

    Scenario: A job succeeds
      Given a job service with 2 workers
      When I submit "greet", which succeeds with "hello"
      Then "greet" ends as "succeeded" within 3 seconds
      And the result of "greet" is "hello"
      And the progress of "greet" is 1

    Scenario: A job fails
      Given a job service with 2 workers
      When I submit "divide", which fails with "by zero"
      Then "divide" ends as "failed" within 3 seconds
      And the error of "divide" is "ValueError: by zero"

    Scenario: A job that takes its time succeeds before the deadline
      Given a job service with 2 workers
      When I submit "index", which takes 0.05 seconds
      Then "index" ends as "succeeded" within 3 seconds

    Scenario: A job waits in the queue while all workers are busy
      Given a job service with 1 worker
      When I submit "first", which waits for the gate
      And "first" runs
      And I submit "second", which succeeds with "at last"
      Then "second" is "queued"
      When the gate opens
      Then "second" ends as "succeeded" within 3 seconds

    Scenario: A job that waits is seen running
      Given a job service with 2 workers
      When I submit "watch", which waits for the gate
      And "watch" runs
      Then "watch" is "running"
      And 1 job is "running"

    Scenario: Waiting for a job has a deadline
      Given a job service with 1 worker
      When I submit "watch", which waits for the gate
      And "watch" runs
      Then waiting 0.01 seconds for "watch" is in vain: "job watch is running after 0.01 s"

    Scenario: A job can be awaited
      Given a job service with 2 workers
      When I submit "index", which takes 0.02 seconds
      Then "index" ends as "succeeded" for who awaits it

    Scenario Outline: Many jobs on <workers> workers all end
      Given a job service with <workers> workers
      When I submit <count> jobs that succeed
      Then all <count> jobs end as "succeeded" within 30 seconds
      And 0 jobs are "queued"

      Examples:
        | workers | count |
        | 1       | 20    |
        | 4       | 20    |
        | 20      | 60    |

  Rule: Cancelling is a request

    Scenario: A queued job is cancelled at once
      Given a job service with 1 worker
      When I submit "first", which waits for the gate
      And "first" runs
      And I submit "second", which succeeds with "never"
      And I cancel "second"
      Then "second" is "cancelled"

    Scenario: A running job ends at its next look
      Given a job service with 1 worker
      When I submit "long", which takes 60 seconds
      And "long" runs
      And I cancel "long"
      Then "long" ends as "cancelled" within 3 seconds

    Scenario: A job that never looks ends by itself
      Given a job service with 1 worker
      When I submit "deaf", which waits for the gate
      And "deaf" runs
      And I cancel "deaf"
      Then "deaf" is "running"
      When the gate opens
      Then "deaf" ends as "succeeded" within 3 seconds

    Scenario: What has ended cannot be cancelled
      Given a job service with 2 workers
      When I submit "greet", which succeeds with "hello"
      Then "greet" ends as "succeeded" within 3 seconds
      And cancelling "greet" is refused: "job greet has succeeded already"

    Scenario: Closing the service ends what is queued
      Given a job service with 1 worker
      When I submit "first", which waits for the gate
      And "first" runs
      And I submit "second", which succeeds with "never"
      And the service is closed
      Then "second" ends as "cancelled" within 3 seconds
      And submitting is refused: "the job service is closed"

  Rule: A job without a heartbeat is stuck

    Scenario: A silent job is stuck
      Given a job service that takes 30 seconds of silence for stuck
      When I submit "mute", which waits for the gate
      And "mute" runs
      And 30 seconds pass
      Then the stuck jobs are "mute"

    Scenario: A heartbeat keeps a job from being stuck
      Given a job service that takes 30 seconds of silence for stuck
      When I submit "lively", which waits for the gate
      And "lively" beats at 0.25
      And 29 seconds pass
      And "lively" beats at 0.5
      And 29 seconds pass
      Then no job is stuck
      And the progress of "lively" is 0.5

    Scenario: A job that has ended is not stuck
      Given a job service that takes 30 seconds of silence for stuck
      When I submit "greet", which succeeds with "hello"
      Then "greet" ends as "succeeded" within 3 seconds
      When 60 seconds pass
      Then no job is stuck

    Scenario: A stuck job is failed, and what it returns is not taken
      Given a job service that takes 30 seconds of silence for stuck
      When I submit "mute", which waits for the gate
      And "mute" runs
      And 40 seconds pass
      And the stuck jobs are reaped
      Then "mute" is "failed"
      And the error of "mute" is "no heartbeat for 40 s"
      When the service is closed
      Then "mute" is "failed"

  Rule: The bus is told

    Scenario: A success is told
      Given a job service with 1 worker
      When I submit "greet", which succeeds with "hello"
      Then "greet" ends as "succeeded" within 3 seconds
      And the bus was told about "greet": queued, running, succeeded

    Scenario: A cancellation in the queue is told
      Given a job service with 1 worker
      When I submit "first", which waits for the gate
      And "first" runs
      And I submit "second", which succeeds with "never"
      And I cancel "second"
      And the gate opens
      Then the bus was told about "second": queued, cancelled
