Feature: Tabs

	Scenario: Tabs
		Given a step that passes	
