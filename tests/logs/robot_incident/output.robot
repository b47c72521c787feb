*** Settings ***
Documentation     What is printed is the same in every format.
Library           OperatingSystem
Library           Process
Test Setup        Use A New Database

*** Test Cases ***
Json Names The Version
    ${done}=    Agents    --format    json    version
    Should Contain    ${done.stdout}    "name"
Yaml Names The Version
    ${done}=    Agents    --format    yaml    version
    Should Contain    ${done.stdout}    name: agents
A Format That Is Not There
    ${done}=    Agents    --format    runes    version
    Should Not Be Equal As Integers    ${done.rc}    0
The Format Behind The Command
    ${done}=    Agents    version    --format    json
    Should Contain    ${done.stdout}    "name"
An Error Is An Envelope Too
    ${done}=    Agents    --format    json    context    levels    music
    Should Contain    ${done.stdout}    "error"

*** Keywords ***
Use A New Database
    ${folder}=    Evaluate    tempfile.mkdtemp()    modules=tempfile
    Set Environment Variable    AGENTS_DATABASE    sqlite:///${folder}/agents.db

Agents
    [Arguments]    @{words}
    ${done}=    Run Process    python    -m    agents    @{words}
    RETURN    ${done}
