//! What the executor tells callbacks. Nothing secret is in an event: results are censored before they get here.
