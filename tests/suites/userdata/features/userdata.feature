Feature: User data

  Scenario: From the file and the command line
    Then the colour is red, the count 3 and the flag True
    And the place is "by the sea"
    And the bare name is "true"
