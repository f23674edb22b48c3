//! The handler of SIGBUS, which keeps the process alive when a page of a mapped file goes away.
//!
//! Reading a page that the file no longer has raises SIGBUS, which kills. For the regions in its list ([`super::watch`])
//! the handler marks the region, replaces the page by zeros, and returns: whoever was reading goes on, over zeros, and
//! learns from the mark that what it has read is nothing. Everything else goes to the handler that was there before.
//! systemd's journal does the same.
#![allow(unsafe_code)]

use std::{
    ffi::{c_int, c_void},
    io, mem, ptr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use super::watch;

type Handler = extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void);

/// What handled the signal before: a function, or one of the numbers that stand for something else.
static PREVIOUS: AtomicUsize = AtomicUsize::new(libc::SIG_DFL);

/// That function is a [`Handler`], and not one of a single argument.
static PREVIOUS_TAKES_ALL: AtomicBool = AtomicBool::new(false);

/// Installs the handler, unless it is there. One that somebody else has put in its place stays: it may well pass on to
/// this one what is none of its own. But where nobody handles the signal any more, the handler is installed again: that
/// of Rust's standard library takes all handlers away when it meets a fault that it does not know.
pub(super) fn install() -> io::Result<()> {
    static ONCE: Mutex<bool> = Mutex::new(false);
    let present = current()?;
    if is_ours(&present) {
        return Ok(());
    }
    let mut was_installed = ONCE.lock().unwrap_or_else(PoisonError::into_inner);
    let present = current()?;
    if is_ours(&present) || (*was_installed && !is_default(&present)) {
        return Ok(());
    }
    // Before there is a handler that asks for it.
    PREVIOUS_TAKES_ALL.store(present.sa_flags & libc::SA_SIGINFO != 0, Ordering::Relaxed);
    PREVIOUS.store(present.sa_sigaction, Ordering::Release);
    set_ours()?;
    *was_installed = true;
    Ok(())
}

fn current() -> io::Result<libc::sigaction> {
    // SAFETY: `sigaction` is a C structure of integers and pointers for which zeros are valid; the call only fills it.
    unsafe {
        let mut present: libc::sigaction = mem::zeroed();
        match libc::sigaction(libc::SIGBUS, ptr::null(), &mut present) {
            0 => Ok(present),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

fn is_ours(action: &libc::sigaction) -> bool {
    let ours: Handler = on_sigbus;
    action.sa_sigaction == ours as usize
}

fn is_default(action: &libc::sigaction) -> bool {
    action.sa_sigaction == libc::SIG_DFL
}

fn set_ours() -> io::Result<()> {
    let handler: Handler = on_sigbus;
    // SAFETY: as in `current`; the structure is given a handler of the type that SA_SIGINFO asks for.
    unsafe {
        let mut ours: libc::sigaction = mem::zeroed();
        ours.sa_sigaction = handler as usize;
        // On the alternate stack where a thread has one, as a stack that has overflowed faults too on some systems.
        ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
        libc::sigemptyset(&mut ours.sa_mask);
        match libc::sigaction(libc::SIGBUS, &ours, ptr::null_mut()) {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

extern "C" fn on_sigbus(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel passes a valid structure to a handler with SA_SIGINFO.
    let (code, address) = unsafe { ((*info).si_code, (*info).si_addr() as usize) };
    if is_missing_page(code) && keep_errno(|| watch::handle(address)) {
        return;
    }
    pass_on(signal, code, info, context);
}

/// True for the faults of a mapped file. Those that somebody sent have codes up to 0.
fn is_missing_page(code: i32) -> bool {
    // On Apple's processors all faults have the code of misaligned ones.
    let is_misaligned = code == libc::BUS_ADRALN && !cfg!(target_vendor = "apple");
    code > 0 && !is_misaligned && !is_broken_memory(code)
}

/// Memory that has failed: at the address that is being accessed, or somewhere, as a warning.
fn is_broken_memory(code: i32) -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    return code == libc::BUS_MCEERR_AR || is_warning(code);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    return is_warning(code);
}

fn is_warning(code: i32) -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    return code == libc::BUS_MCEERR_AO;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let _ = code;
        false
    }
}

/// Gives the signal to what handled it before.
fn pass_on(signal: c_int, code: i32, info: *mut libc::siginfo_t, context: *mut c_void) {
    // A fault happens again when its handler returns. What was sent does not.
    let happens_once = code <= 0 || is_warning(code);
    let previous = PREVIOUS.load(Ordering::Acquire);
    match previous {
        libc::SIG_IGN if happens_once => {}
        libc::SIG_DFL | libc::SIG_IGN => {
            // SAFETY: plain calls with a structure of zeros, which stands for the default.
            unsafe {
                let default: libc::sigaction = mem::zeroed();
                libc::sigaction(signal, &default, ptr::null_mut());
                if happens_once {
                    libc::raise(signal);
                }
            }
        }
        handler if PREVIOUS_TAKES_ALL.load(Ordering::Relaxed) => {
            // SAFETY: with SA_SIGINFO the field holds a function of this type.
            let handler: Handler = unsafe { mem::transmute(handler) };
            handler(signal, info, context);
        }
        handler => {
            // SAFETY: without SA_SIGINFO the field holds a function of this type.
            let handler: extern "C" fn(c_int) = unsafe { mem::transmute(handler) };
            handler(signal);
        }
    }
    // The handler has taken all handlers away and counts on the fault to happen again, which this one does not.
    let has_handled = previous != libc::SIG_DFL && previous != libc::SIG_IGN;
    if happens_once && has_handled && keep_errno(|| current().is_ok_and(|present| is_default(&present))) {
        PREVIOUS.store(libc::SIG_DFL, Ordering::Release);
        let _ = keep_errno(set_ours);
    }
}

/// Runs system calls of the handler without changing what the interrupted code sees in `errno`.
fn keep_errno<T>(run: impl FnOnce() -> T) -> T {
    #[cfg(any(target_os = "solaris", target_os = "illumos"))]
    use libc::___errno as errno;
    #[cfg(any(target_os = "openbsd", target_os = "netbsd", target_os = "android"))]
    use libc::__errno as errno;
    #[cfg(target_os = "linux")]
    use libc::__errno_location as errno;
    #[cfg(any(target_vendor = "apple", target_os = "freebsd", target_os = "dragonfly"))]
    use libc::__error as errno;
    #[cfg(target_os = "haiku")]
    use libc::_errnop as errno;

    // SAFETY: the pointer is that of the thread's own `errno`.
    unsafe {
        let saved = *errno();
        let result = run();
        *errno() = saved;
        result
    }
}
