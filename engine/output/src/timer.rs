//! `timer`: how long a playbook took.

use std::time::{Duration, Instant};

use rustible_protocol::event::{Callback, Event};

use crate::display::Display;

/// How long the playbook took, after the recap.
pub struct Timer {
    display: Display,
    started: Instant,
}

impl Timer {
    /// A callback on that display; time runs from now.
    #[must_use]
    pub fn new(display: Display) -> Self {
        Self { display, started: Instant::now() }
    }
}

impl Callback for Timer {
    fn on(&mut self, event: &Event) {
        match event {
            Event::PlaybookStart(_) => self.started = Instant::now(),
            Event::Stats(_) => {
                self.display.banner("PLAYBOOK RECAP");
                self.display.line(&took(self.started.elapsed()), None);
            }
            _ => {}
        }
    }
}

fn took(time: Duration) -> String {
    let seconds = time.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    format!("Playbook run took {days} days, {hours} hours, {minutes} minutes, {} seconds", seconds % 60)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    #[test]
    fn times_are_split_into_days_hours_minutes_and_seconds() {
        let text = super::took(Duration::from_secs(90_061));
        assert_eq!(text, "Playbook run took 1 days, 1 hours, 1 minutes, 1 seconds");
    }
}
