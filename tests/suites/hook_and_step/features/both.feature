Feature: A step fails, and so does a hook

  Scenario: Both
    Given a step that fails

  Scenario: The hook ends the interpreter
    Given a step that passes

  Scenario: After it
    Given a step that passes
