Feature: A background of a rule fails

  Rule: It fails
    Background:
      Given an assertion fails

    Scenario: One
      Then 1 thing is noted

    Scenario: Two
      Then 1 thing is noted

  Rule: It is well
    Scenario: Three
      Given "three" is noted
      Then 1 thing is noted
