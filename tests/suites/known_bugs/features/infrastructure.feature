@tdd_issue @tdd_issue_20 @tdd_expected_fail
Feature: Errors of the machine

  Scenario: finds the database locked once
    Given the database is locked once, and then it fails

  Scenario: finds the database locked each time
    Given the database is locked

  Scenario: wraps a refused connection
    Given a refused connection is wrapped

  Scenario: has a locked database in a hook once
    Given it fails
