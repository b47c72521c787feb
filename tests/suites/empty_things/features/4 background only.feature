Feature: Only a background

  Background:
    Given a step that passes
