Feature: What is kept in SQLite

  Rule: The database is brought up to date

    Scenario: A new one gets all migrations
      When I run `agents db migrate`
      Then it prints
        """
        applied: 1, 2, 3, 4
        version: 4
        """

    Scenario: The second time nothing is left to do
      Given I ran `agents db migrate`
      When I run `agents db migrate`
      Then the output has "applied: -"

    Scenario: Before the first use there is none
      When I run `agents db status`
      Then it prints
        """
        version: 0
        latest: 4
        pending: 4
        """

    Scenario: It is migrated when it is first used
      Given I ran `agents session list`
      When I run `agents db status`
      Then the output has "pending: 0"

    Scenario: An older one keeps its rows
      Given a database of version 2 with the session "old"
      When I run `agents session list`
      Then it prints "old  review  open  0"

    Scenario: A newer one is refused
      Given a database of version 99
      When I run `agents session list`
      Then it ends with exit code 7
      And the error is "the database has version 99, and this program knows 4"

    Scenario: Many that start at once migrate once
      When 8 programs migrate the database at once
      Then each migration was applied once

  Rule: Sessions are kept

    Scenario: A session outlives the program
      Given I ran `agents session create alpha`
      And I ran `agents session note alpha "remember the milk"`
      When I run `agents session show alpha`
      Then the output has "notes: 1"

    Scenario: A name is taken once
      Given I ran `agents session create alpha`
      When I run `agents session create alpha`
      Then it ends with exit code 4
      And the error is "there is a session alpha already"

    Scenario: A name has rules
      When I run `agents session create "Alpha 1"`
      Then it ends with exit code 2
      And the error is ""Alpha 1" is no name for a session"

    Scenario: A closed session takes no notes
      Given I ran `agents session create alpha`
      And I ran `agents session close alpha`
      When I run `agents session note alpha late`
      Then it ends with exit code 4
      And the error is "session alpha is closed"

  Rule: A database that cannot be used is told

    Scenario: Its directory is not there
      Given the environment variable "AGENTS_DATABASE" is "sqlite:////nowhere/agents.db"
      When I run `agents session list`
      Then it ends with exit code 7
      And the error is "/nowhere/agents.db: unable to open database file"

    Scenario: It is no database
      Given a database file with the text
        """
        This is a text, and long enough that SQLite reads its head as that of a database.
        """
      When I run `agents session list`
      Then it ends with exit code 7
      And it prints nothing

    Scenario: Its URL is wrong
      Given the environment variable "AGENTS_DATABASE" is "mysql://localhost/agents"
      When I run `agents session list`
      Then it ends with exit code 2
      And the error is ""mysql://localhost/agents" is no database URL"
