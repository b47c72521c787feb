Feature: Other line ends

  Scenario: As on Windows
    Given a step that passes
