//! A double of the GitLab API.
