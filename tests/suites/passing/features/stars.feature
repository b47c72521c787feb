@stars
Feature: Steps that begin with a star

  Scenario: Stars
    * the number 1
    * 1 is added
    * the number is 2
