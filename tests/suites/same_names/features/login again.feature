Feature: Login

  Scenario: login
    Given the user "anna"
    Then the login works
