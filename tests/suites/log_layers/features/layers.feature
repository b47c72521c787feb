Feature: What is logged around a layer of the context

  Scenario: A layer without cleanups
    Given "before" is logged
    When a layer ends
    And "after" is logged
    Then it fails and tells who listens

  Scenario: A layer with a cleanup
    Given "before" is logged
    When a layer with a cleanup ends
    And "after" is logged
    Then it fails and tells who listens

  Scenario: No layer
    Given "before" is logged
    Then it fails and tells who listens
