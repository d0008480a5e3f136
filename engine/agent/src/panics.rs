//! Panics of modules: caught, kept as text, never the agent's end.

use std::{
    any::Any,
    cell::RefCell,
    panic::{self, AssertUnwindSafe},
};

thread_local! {
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keep the place of a panic instead of printing it.
pub(crate) fn remember() {
    panic::set_hook(Box::new(|info| {
        let place =
            info.location().map(|place| format!("{}:{}:{}", place.file(), place.line(), place.column()));
        PLACE.with(|kept| *kept.borrow_mut() = place);
    }));
}

/// Do this; the text of the panic when it does not come to an end by itself.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        let place = PLACE.with(|kept| kept.borrow_mut().take());
        format!("panicked at {}: {}", place.as_deref().unwrap_or("an unknown place"), text(&*payload))
    })
}

fn text(payload: &(dyn Any + Send)) -> String {
    let plain = payload.downcast_ref::<&str>().map(ToString::to_string);
    plain.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no text".to_string())
}
