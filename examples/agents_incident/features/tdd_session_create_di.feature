@tdd
Feature: Creating a session uses the services of the container

  Who embeds the application overrides services. The command line has to take those, and
  make none by itself.

  Scenario: A session that is created can be shown, with its profile
    Given an application with an event bus that is watched
    When I run `agents session create alpha`
    Then it succeeds
    When I run `agents session show alpha`
    Then it succeeds
    And the output has "name: alpha"
    And the output has "profile: review"

  Scenario: A profile of the container can be used
    Given an application with the profile "house" in its catalog
    When I run `agents session create alpha --profile house`
    Then the output has "profile: house"


  Scenario: The event bus of the container is told
    Given an application with an event bus that is watched
    When I run `agents session create alpha`
    Then it succeeds
    And the bus was told "session.created"

  Scenario: A service is made once
    Given a container of counted services
    When the service is asked for 3 times
    Then it was made once

  Scenario: Services are closed in the opposite order
    Given a container of counted services
    When the services are asked for, and the container is closed
    Then they were closed as "second, first"

  Scenario: Services that need each other are told
    Given a container whose services need each other
    Then asking is refused: "services need each other: First needs Second needs First"

  Scenario: A service that nobody makes is told
    Given an empty container
    Then asking is refused: "nobody makes First"

  Scenario: A service in use is not replaced
    Given a container of counted services
    When the service is asked for 1 times
    Then overriding is refused: "First is in use already"
