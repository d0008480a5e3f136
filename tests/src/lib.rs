//! Data-driven tests of the house: rules, module cases, playbooks.
