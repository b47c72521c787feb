Feature: Greeting
  As somebody who comes in
  I want to be greeted

  Scenario: In the morning
    Given it is 8 o'clock
    Then the greeting is "Good morning"

  @slow
  Scenario: In the evening
    Given it is 20 o'clock
    Then the greeting is "Good evening"
