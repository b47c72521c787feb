Feature: Only an empty rule

  Rule: Empty
