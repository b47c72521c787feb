Feature: Login

  Scenario: login
    Given the user "anna"
    Then the login works

  Scenario: login
    Given the user "eve"
    Then the login works

  Scenario: login
    Given the user "bo"
    Then the login works

  Rule: Guests
    Scenario: login
      Given the user "guest"
      Then the login works

    Scenario: login
      Given the user "eve"
      Then the login works

  Rule: Guests
    Scenario: login
      Given the user "anna"
      Then the login works

  Scenario Outline: login
    Given the user "<user>"
    Then the login works

    Examples:
      | user |
      | anna |
      | eve  |

    Examples:
      | user |
      | bo   |

  Scenario Outline: login
    Given the user "<user>"
    Then the login works

    Examples:
      | user |
      | eve  |
