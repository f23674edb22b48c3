//! The handler of SIGBUS, which keeps the process alive when a page of a mapped file goes away.
//!
//! Reading a page that the file no longer has raises SIGBUS, which kills. For the regions in its list
//! ([`super::watched`]) the handler marks the region, replaces the page by zeros, and returns: whoever was reading
//! goes on, over zeros, and learns from the mark that what it has read is nothing. Everything else goes to the handler
//! that was there before. systemd's journal does the same.
#![allow(unsafe_code)]

use std::{
    ffi::{c_int, c_void},
    io, mem, ptr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicPtr, Ordering},
    },
};

use super::watched;

type Handler = extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void);

/// What handled the signal before.
#[derive(Clone, Copy)]
enum Previous {
    /// Nobody: the signal was ignored.
    Ignored,
    /// A function that is told of the fault.
    WithInfo(Handler),
    /// A function of one argument.
    Plain(extern "C" fn(c_int)),
}

/// What handled the signal before, in one atomic, so that a function is never called as if it were of another kind.
/// Null stands for the default of the system, which ends the process. What it points to is never freed.
static PREVIOUS: AtomicPtr<Previous> = AtomicPtr::new(ptr::null_mut());

impl Previous {
    /// What a structure that the system gave says; none for the default.
    fn of(action: &libc::sigaction) -> Option<Previous> {
        let takes_all = action.sa_flags & libc::SA_SIGINFO != 0;
        match action.sa_sigaction {
            libc::SIG_DFL => None,
            libc::SIG_IGN => Some(Previous::Ignored),
            // SAFETY: with SA_SIGINFO the field holds the address of a function of this type.
            function if takes_all => Some(Previous::WithInfo(unsafe { mem::transmute::<usize, Handler>(function) })),
            function => {
                // SAFETY: without SA_SIGINFO the field holds the address of a function of this type.
                Some(Previous::Plain(unsafe { mem::transmute::<usize, extern "C" fn(c_int)>(function) }))
            }
        }
    }

    /// What was there when the handler was installed last.
    fn get() -> Option<Previous> {
        // SAFETY: it is null, or points to a value that was complete when the pointer was stored, and is never changed
        // or freed.
        unsafe { PREVIOUS.load(Ordering::Acquire).as_ref() }.copied()
    }

    fn set(previous: Option<Previous>) {
        // As the handler is installed over another only once, nothing is lost by keeping it for ever.
        let previous = previous.map_or(ptr::null_mut(), |previous| ptr::from_mut(Box::leak(Box::new(previous))));
        PREVIOUS.store(previous, Ordering::Release);
    }
}

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
    Previous::set(Previous::of(&present));
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
    // SAFETY: `sigaction` is a C structure of integers and pointers for which zeros are valid, and is given a handler
    // of the type that SA_SIGINFO asks for; the call only reads it.
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
    // SAFETY: the code is that of a fault of this thread at the address, which the kernel says; the access that has
    // faulted is tried again when this returns, and so is still under way. (Whoever makes up such a signal, by a
    // system call with a code of the kernel's own, which no library does, answers for it.)
    if is_missing_page(code) && keep_errno(|| unsafe { watched::handle(address) }) {
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
    let previous = Previous::get();
    match previous {
        Some(Previous::Ignored) if happens_once => {}
        None | Some(Previous::Ignored) => {
            // SAFETY: plain calls with a structure of zeros, which stands for the default.
            unsafe {
                let default: libc::sigaction = mem::zeroed();
                libc::sigaction(signal, &default, ptr::null_mut());
                if happens_once {
                    libc::raise(signal);
                }
            }
        }
        Some(Previous::WithInfo(handler)) => handler(signal, info, context),
        Some(Previous::Plain(handler)) => handler(signal),
    }
    // The handler has taken all handlers away and counts on the fault to happen again, which this one does not.
    let has_handled = matches!(previous, Some(Previous::WithInfo(_) | Previous::Plain(_)));
    if happens_once && has_handled && keep_errno(|| current().is_ok_and(|present| is_default(&present))) {
        Previous::set(None);
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
