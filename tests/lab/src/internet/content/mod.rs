//! The static content of the lab's internet.
