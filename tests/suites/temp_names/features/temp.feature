Feature: A feature whose scenarios meet in the temporary directory

  Scenario: The first leaves a file
    When "left-by-the-first.txt" is written to the temporary directory
    Then a child process sees "left-by-the-first.txt" in its own

  Scenario: The second finds it
    Then "left-by-the-first.txt" is in the temporary directory
    And it can be removed

  Scenario: The third removes the whole directory
    When a directory made there is removed with all that is in it
    Then temporary files can still be made
