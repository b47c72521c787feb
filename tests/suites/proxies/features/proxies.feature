Feature: Step modules that hold nothing themselves

  Scenario: They work
    Given a basket
    When an apple is put into it
    Then it weighs 100 grams

  Scenario: A step of a module that was run by exec
    Given a basket
    When a melon is put into it
    Then it weighs 100 grams
