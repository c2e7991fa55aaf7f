"""The words: indicators, layers and the Protocol's structure as data that a planner may edit."""
