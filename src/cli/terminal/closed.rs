//! Whether the process was started without a standard output (`>&-`).
//!
//! Before `main`, the standard library opens /dev/null in the place of standard streams that are closed, so that no
//! file that is opened later is taken for one. What is written is lost then, and nobody is told. So this looks before
//! that.

use std::io;

/// An error where standard output is closed: the one that a write to it would end with.
pub(crate) fn check_stdout() -> io::Result<()> {
    if is_closed() { Err(not_open()) } else { Ok(()) }
}

#[cfg(unix)]
mod look {
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    static CLOSED: AtomicBool = AtomicBool::new(false);

    /// Functions listed there are called before `main`, and before what the standard library does first.
    #[allow(unsafe_code)]
    // SAFETY: the section holds pointers to functions that are called with C's conventions; they may ignore what they
    // are called with. The function does not unwind, and needs nothing that is only there later.
    #[used]
    #[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".init_array"))]
    #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
    static LOOK: extern "C" fn() = look;

    extern "C" fn look() {
        #[allow(unsafe_code)]
        // SAFETY: it is asked for the flags of a descriptor, which may be a closed one, and nothing is changed.
        let flags = unsafe { libc::fcntl(libc::STDOUT_FILENO, libc::F_GETFD) };
        CLOSED.store(flags == -1, Relaxed);
    }

    pub(crate) fn is_closed() -> bool {
        CLOSED.load(Relaxed)
    }

    pub(crate) fn not_open() -> std::io::Error {
        std::io::Error::from_raw_os_error(libc::EBADF)
    }
}

#[cfg(unix)]
use look::{is_closed, not_open};

/// There, a write says so by itself.
#[cfg(not(unix))]
fn is_closed() -> bool {
    false
}

#[cfg(not(unix))]
fn not_open() -> io::Error {
    io::ErrorKind::NotConnected.into()
}
