Feature: Much output of all kinds

  Scenario: Megabytes
    Given 8 megabytes are printed
    And 8 megabytes are printed

  Scenario: Bytes past Python
    Given all bytes are written to the descriptors

  Scenario: A child process
    Given a child process writes

  Scenario: A thread that writes later
    Given a thread that will write

  Scenario: It writes now
    Given the thread writes

  Scenario: Megabytes, and then it fails
    Given 8 megabytes are printed
    Then it fails
