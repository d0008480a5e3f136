//! Where a host is in a play: a stack of blocks with the part of each it is in.

use std::{collections::HashSet, sync::Arc};

use rustible_playbook::{Block, Item, Kind, Task};

/// The part of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Tasks,
    Rescue,
    Always,
}

/// A block or a round of handlers that the host is in.
#[derive(Debug, Clone)]
enum Level {
    Block {
        block: Arc<Block>,
        phase: Phase,
        index: usize,
        /// It failed and goes on failing outside once `always` is done.
        failed: bool,
    },
    Handlers {
        handlers: Arc<Vec<Arc<Task>>>,
        index: usize,
    },
}

/// A host's way through a play.
#[derive(Debug, Clone)]
pub(crate) struct Cursor {
    stack: Vec<Level>,
    /// The task to do next, once it has been looked for.
    next: Option<Arc<Task>>,
    /// The host has failed and takes no further part.
    pub(crate) failed: bool,
    /// Uuids of handlers that were notified.
    pub(crate) notified: HashSet<String>,
}

impl Cursor {
    pub(crate) fn new(root: &Arc<Block>) -> Self {
        let mut cursor = Self { stack: Vec::new(), next: None, failed: false, notified: HashSet::new() };
        cursor.enter(root);
        cursor
    }

    /// Do this block next, then go on where the host is.
    pub(crate) fn enter(&mut self, block: &Arc<Block>) {
        self.next = None;
        self.stack.push(Level::Block { block: block.clone(), phase: Phase::Tasks, index: 0, failed: false });
    }

    /// Do the notified ones of these handlers next.
    pub(crate) fn enter_handlers(&mut self, handlers: &Arc<Vec<Arc<Task>>>) {
        self.next = None;
        self.stack.push(Level::Handlers { handlers: handlers.clone(), index: 0 });
    }

    /// Whether the host is in a round of handlers.
    pub(crate) fn in_handlers(&self) -> bool {
        self.stack.iter().any(|level| matches!(level, Level::Handlers { .. }))
    }

    /// The next task, without going there.
    pub(crate) fn peek(&mut self) -> Option<Arc<Task>> {
        if self.next.is_none() {
            self.next = self.find();
        }
        self.next.clone()
    }

    /// The peeked task is taken.
    pub(crate) fn take(&mut self) -> Option<Arc<Task>> {
        let task = self.peek();
        self.next = None;
        if let Some(task) = &task
            && task.handler
        {
            self.notified.remove(&task.uuid);
        }
        task
    }

    fn find(&mut self) -> Option<Arc<Task>> {
        loop {
            match self.stack.last_mut()? {
                Level::Handlers { handlers, index } => {
                    let Some(handler) = handlers.get(*index) else {
                        self.stack.pop();
                        continue;
                    };
                    *index += 1;
                    if self.notified.contains(&handler.uuid) {
                        return Some(handler.clone());
                    }
                }
                Level::Block { block, phase, index, failed } => {
                    let items = match phase {
                        Phase::Tasks => &block.items,
                        Phase::Rescue => &block.rescue,
                        Phase::Always => &block.always,
                    };
                    match items.get(*index) {
                        Some(Item::Task(task)) => {
                            *index += 1;
                            return Some(task.clone());
                        }
                        Some(Item::Block(inner)) => {
                            *index += 1;
                            let inner = inner.clone();
                            self.enter(&inner);
                        }
                        None if *phase == Phase::Always => {
                            let failed = *failed;
                            self.stack.pop();
                            if failed {
                                self.fail();
                            }
                        }
                        None => {
                            *phase = Phase::Always;
                            *index = 0;
                        }
                    }
                }
            }
        }
    }

    /// Whether a `rescue` around the current task would take care of its failure.
    pub(crate) fn would_rescue(&self) -> bool {
        self.stack.iter().any(|level| {
            matches!(level, Level::Block { block, phase: Phase::Tasks, .. } if !block.rescue.is_empty())
        })
    }

    /// Whether the host has failed for good, be it that it still does what is always done.
    pub(crate) fn lost(&self) -> bool {
        let failing = |level: &Level| matches!(level, Level::Block { failed: true, .. });
        self.failed || self.stack.iter().any(failing) && !self.would_rescue()
    }

    /// The current task failed: go to the rescue, or to `always`, or out.
    pub(crate) fn fail(&mut self) {
        self.next = None;
        while let Some(level) = self.stack.last_mut() {
            match level {
                Level::Block { block, phase, index, failed } => match phase {
                    Phase::Tasks if !block.rescue.is_empty() => {
                        (*phase, *index) = (Phase::Rescue, 0);
                        return;
                    }
                    Phase::Tasks | Phase::Rescue if !block.always.is_empty() => {
                        (*phase, *index, *failed) = (Phase::Always, 0, true);
                        return;
                    }
                    Phase::Tasks | Phase::Rescue | Phase::Always => drop(self.stack.pop()),
                },
                Level::Handlers { .. } => drop(self.stack.pop()),
            }
        }
        self.failed = true;
    }

    /// The host takes no further part in the play.
    pub(crate) fn end(&mut self) {
        self.stack.clear();
        self.next = None;
    }

    /// Leave the innermost role of that identity: everything that is left of it is passed over.
    pub(crate) fn end_role(&mut self, identity: &str) {
        self.next = None;
        let of_role = |block: &Block| block.frame.role.as_ref().is_some_and(|role| role.identity == identity);
        // The mark of the role's end counts: it has run.
        let mark = |item: &Item| matches!(item, Item::Task(task) if matches!(task.kind, Kind::RoleComplete));
        while let Some(Level::Block { block, phase, index, .. }) = self.stack.last_mut() {
            if !of_role(block) {
                break;
            }
            if *phase == Phase::Tasks
                && let Some(at) = block.items.iter().skip(*index).position(mark)
            {
                *index += at;
                return;
            }
            self.stack.pop();
        }
        // The rest of the role may stand in the block around it.
        if let Some(Level::Block { block, phase: Phase::Tasks, index, .. }) = self.stack.last_mut() {
            let in_role = |item: &Item| match item {
                item if mark(item) => false,
                Item::Task(task) => task.role().is_some_and(|role| role.identity == identity),
                Item::Block(inner) => of_role(inner),
            };
            while block.items.get(*index).is_some_and(in_role) {
                *index += 1;
            }
        }
    }

    /// Forget a failure (`meta: clear_host_errors`).
    pub(crate) fn clear(&mut self) {
        self.failed = false;
        for level in &mut self.stack {
            if let Level::Block { failed, .. } = level {
                *failed = false;
            }
        }
    }
}
