Feature: A file name with spaces

  Scenario: It passes
    Given "a" is said

  Scenario: It fails
    Given "b" is refused
