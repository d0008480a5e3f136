//! `profile_tasks`: when each task began, and which took longest.

use std::time::{Duration, Instant};

use rustible_protocol::event::{Callback, Event};

use crate::display::Display;

/// Columns of a line.
const WIDTH: usize = 79;
/// So many tasks are listed at the end.
const SLOWEST: usize = 20;

/// Writes the time under each task's banner, and the slowest tasks after the recap.
pub struct ProfileTasks {
    display: Display,
    started: Instant,
    last: Instant,
    /// Names and times; the last one's is not known yet.
    tasks: Vec<(String, Duration)>,
}

impl ProfileTasks {
    /// A callback on that display; time runs from now.
    #[must_use]
    pub fn new(display: Display) -> Self {
        let now = Instant::now();
        Self { display, started: now, last: now, tasks: Vec::new() }
    }

    /// The time now, since the last such line, and since the start.
    fn stamp(&mut self) {
        let now = Instant::now();
        let since = now - self.last;
        self.last = now;
        if let Some((_, took)) = self.tasks.last_mut() {
            *took = since;
        }
        let date = jiff::Zoned::now().strftime("%A %d %B %Y  %H:%M:%S %z").to_string();
        let text = format!("{date} ({})       {} ", clock(since), clock(now - self.started));
        let stars = WIDTH.saturating_sub(text.len()).max(3);
        self.display.line(&format!("{text}{} ", "*".repeat(stars)), None);
    }
}

impl Callback for ProfileTasks {
    fn on(&mut self, event: &Event) {
        match event {
            Event::TaskStart(task) => {
                self.stamp();
                self.tasks.push((task.name.clone(), Duration::ZERO));
            }
            Event::Stats(_) => {
                self.display.banner("TASKS RECAP");
                self.stamp();
                self.display.line(&format!("{} ", "=".repeat(WIDTH)), None);
                let mut tasks = std::mem::take(&mut self.tasks);
                tasks.sort_by_key(|(_, took)| std::cmp::Reverse(*took));
                tasks
                    .iter()
                    .take(SLOWEST)
                    .for_each(|(name, took)| self.display.line(&row(name, *took), None));
            }
            _ => {}
        }
    }
}

fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}:{:02}.{:03}", seconds / 3600, seconds / 60 % 60, seconds % 60, time.subsec_millis())
}

fn row(name: &str, took: Duration) -> String {
    let time = format!(" {:.2}s", took.as_secs_f64());
    format!("{:-<70}{time:->9}", format!("{name} "))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    #[test]
    fn rows_fill_the_line_and_times_have_thousandths() {
        let row = super::row("one", Duration::from_millis(1370));
        assert_eq!(row, "one --------------------------------------------------------------------- 1.37s");
        assert_eq!(super::clock(Duration::from_millis(3_723_004)), "1:02:03.004");
    }
}
