@tdd
Feature: The A2A SDK is optional

  Speaking to other agents needs a package that most users do not have. What they do not
  use must not stop them, and what they want to use has to say what it needs.

  Scenario: Without the SDK the application starts
    Given the A2A SDK is not installed
    When I run `agents version`
    Then it succeeds
    And the output has "name: agents"
    And there is no error


  Scenario: Without the SDK, connecting says what to install
    Given the A2A SDK is not installed
    When I connect to the agents at "https://agents.example"
    Then connecting is refused: "speaking to other agents needs the package a2a_sdk"
    And what to do is "install it with: pip install agents[a2a]"

  Scenario: With the SDK, other agents answer
    Given an A2A SDK whose agents answer with their name
    When I connect to the agents at "https://agents.example"
    Then the agent "critic" answers "critic at https://agents.example"
