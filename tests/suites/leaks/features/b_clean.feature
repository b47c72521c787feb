Feature: Scenarios that leave nothing, although much goes on

  Scenario: Everything is made and put back
    Given all of it is done and undone
  Scenario: What the run owns works on
    Given the server of the run is asked
  Scenario: What the feature owns works on
    Given the pool of the feature works
  Scenario: A cycle holds a file
    Given a file is held by a reference cycle only
  Scenario: Surefoot's own
    Given ports are leased and a database is copied
