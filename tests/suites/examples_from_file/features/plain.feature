Feature: No file

  Scenario: No rows either
    Given Eva of age 17
