@lonely
Feature: Without scenarios
  Only a description.
