Feature: Little output

  Scenario: One line
    Given one line is printed
