//! What is said of panics.
//!
//! A search engine that looks at bytes which somebody else is changing may panic. The search then ends with an error
//! that says what happened to the file, and what the panic has to say would only confuse. So it is kept back until it
//! is known whether the panic goes further than that.

use std::{
    panic::{self, AssertUnwindSafe},
    sync::{Mutex, PoisonError},
};

use crate::cli::terminal::messages;
use mapgrep::mapping;

/// What the last panic over mapped bytes had to say.
static KEPT_BACK: Mutex<Option<String>> = Mutex::new(None);

/// Runs `run`, and shows what a panic has to say only when it gets out of it.
pub(crate) fn quietly<T>(run: impl FnOnce() -> T) -> T {
    let show = panic::take_hook();
    panic::set_hook(Box::new(move |info| match mapping::is_guarding() {
        true => *KEPT_BACK.lock().unwrap_or_else(PoisonError::into_inner) = Some(info.to_string()),
        false => show(info),
    }));
    panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| {
        if let Some(message) = KEPT_BACK.lock().unwrap_or_else(PoisonError::into_inner).take() {
            messages::print(message);
        }
        panic::resume_unwind(payload)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use mapgrep::mapping::MapOptions;

    #[test]
    fn a_panic_over_mapped_bytes_is_kept_back_until_it_gets_out() {
        let memory = MapOptions::new().len(1).map_anonymous().unwrap();
        let caught = panic::catch_unwind(|| quietly(|| memory.guarded(.., |_| panic!("of the engine"))));
        let _ = panic::take_hook();
        assert_eq!(*caught.unwrap_err().downcast::<&str>().unwrap(), "of the engine");
        assert!(!mapping::is_guarding());
    }
}
