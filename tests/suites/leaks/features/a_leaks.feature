Feature: Scenarios that leave something behind

  Scenario: A thread
    Given a thread is left
  Scenario: A child process
    Given a child process is left
  Scenario: An open file
    Given a file is left open
  Scenario: A socket
    Given a socket is left open
  Scenario: A temporary file
    Given a temporary file is left
  Scenario: A variable
    Given a variable is left set
  Scenario: The working directory
    Given the working directory is left changed
  Scenario: The path of imports
    Given sys.path is left changed
  Scenario: A patched function
    Given a function is left patched
  Scenario: A patched method
    Given a method is left replaced
  Scenario: A signal handler
    Given a signal handler is left
  Scenario: A log handler
    Given a log handler is left
