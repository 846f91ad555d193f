"""From spec/fsm.yaml to code, diagrams and tables."""
