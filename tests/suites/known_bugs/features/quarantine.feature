Feature: Quarantine

  @quarantine:2999-12-31
  Scenario: held until a day
    Given it fails

  @quarantine:77
  Scenario: held for an issue
    Given it raises

  @quarantine:2999-12-31
  Scenario: held and passing
    Given it passes

  @quarantine:2020-01-31
  Scenario: held no longer
    Given it fails

  @quarantine
  Scenario: held without an end
    Given it fails

  @quarantine:2999-12-31
  Scenario: held with a failing hook
    Given it passes

  @quarantine:2999-12-31
  Scenario: held and crashing
    Given the process dies

  @quarantine:2999-12-31
  Scenario: held and undefined
    Given nobody knows this

  @quarantine:2999-12-31 @tdd_issue @tdd_issue_30 @tdd_expected_fail
  Scenario: held and unexpectedly passing
    Given it passes
