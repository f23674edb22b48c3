//! The signal SIGBUS in processes of their own: who is killed by it, and who gets to handle it.

use std::{
    ffi::{c_int, c_void},
    fs::File,
    mem,
    os::{fd::AsRawFd, unix::process::ExitStatusExt},
    process::ExitStatus,
    ptr,
    sync::atomic::{AtomicUsize, Ordering},
};

use libc::{SIG_DFL, SIG_IGN, SIGBUS};
use mapgrep::mapping::{Access, MapOptions, Mapping, page_size};

use crate::support::{self, file_of, map};

/// What a process ends with when it did all that it was to do.
const SURVIVED: i32 = 40;

/// What the handler that takes one argument ends its process with.
const HANDLED: i32 = 42;

#[track_caller]
fn dies(part: &str) {
    let (status, output) = run(part);
    assert_eq!(status.signal(), Some(SIGBUS), "{part}: {status}\n{output}");
}

#[track_caller]
fn ends_with(part: &str, code: i32) {
    let (status, output) = run(part);
    assert_eq!(status.code(), Some(code), "{part}: {status}\n{output}");
}

fn run(part: &str) -> (ExitStatus, String) {
    let output = support::start("signals::child", part).wait_with_output().unwrap();
    let shown = [output.stdout, output.stderr].concat();
    (output.status, String::from_utf8_lossy(&shown).into_owned())
}

#[test]
fn a_fault_kills_without_the_guard_and_not_with_it() {
    dies("fault without the guard");
    ends_with("fault with the guard", SURVIVED);
    ends_with("fault with the guard, in a thread", SURVIVED);
    ends_with("fault with the guard, in a child of fork", SURVIVED);
}

#[test]
fn another_mapping_with_the_guard_does_not_save_one_without() {
    dies("fault without the guard, beside a mapping with it");
}

#[test]
fn a_handler_that_was_there_before_gets_the_faults_of_others() {
    ends_with("foreign fault, handler with information", SURVIVED);
    ends_with("foreign fault, handler of one argument", HANDLED);
}

#[test]
fn a_handler_that_was_there_before_gets_what_is_sent() {
    ends_with("sent, handler with information", SURVIVED);
    ends_with("sent, handler of one argument", HANDLED);
}

#[test]
fn a_handler_that_was_there_before_gets_faults_of_broken_memory() {
    ends_with("broken memory", SURVIVED);
}

#[test]
fn without_another_handler_news_of_broken_memory_kills() {
    dies("broken memory, default");
}

#[test]
fn without_another_handler_the_default_is_done() {
    dies("foreign fault, default");
    dies("sent, default");
    dies("foreign fault, ignored");
    ends_with("sent, ignored", SURVIVED);
}

/// The runtime's handler looks for overflows of the stack, and takes itself away when it sees anything else.
#[test]
fn with_the_handler_of_the_runtime_a_fault_of_others_kills() {
    dies("foreign fault, Rust's handler");
}

#[test]
fn the_handler_of_the_runtime_does_not_take_ours_away() {
    ends_with("sent, Rust's handler", SURVIVED);
}

/// No test, but what the processes do.
#[test]
fn child() {
    let Some(part) = std::env::var_os(support::PART) else { return };
    leave_no_core();
    // Who waits for a signal that does not come is ended by this one.
    // SAFETY: a plain call.
    unsafe { libc::alarm(120) };
    match part.to_str().unwrap() {
        "fault without the guard" => {
            let (file, mapping) = two_pages(MapOptions::new().guard_faults(false));
            fault(&file, &mapping);
        }
        "fault with the guard" => {
            let (file, mapping) = two_pages(&MapOptions::new());
            assert!(fault(&file, &mapping).is_truncated());
        }
        "fault with the guard, in a thread" => {
            let (file, mapping) = two_pages(&MapOptions::new());
            std::thread::scope(|scope| {
                let fault = scope.spawn(|| fault(&file, &mapping));
                assert!(fault.join().unwrap().is_truncated());
            });
        }
        "fault with the guard, in a child of fork" => fault_in_a_fork(),
        "fault without the guard, beside a mapping with it" => {
            let (_other, _guarded) = two_pages(&MapOptions::new());
            let (file, mapping) = two_pages(MapOptions::new().guard_faults(false));
            fault(&file, &mapping);
        }
        "foreign fault, handler with information" => {
            handle(with_information as *const () as usize, libc::SA_SIGINFO);
            own_fault();
            assert_eq!(CALLS.load(Ordering::SeqCst), 0);
            let address = foreign_fault();
            assert_eq!((CALLS.load(Ordering::SeqCst), LAST_ADDRESS.load(Ordering::SeqCst)), (1, address));
            // And again: it was not for one time only.
            own_fault();
            foreign_fault();
            assert_eq!(CALLS.load(Ordering::SeqCst), 2);
        }
        "foreign fault, handler of one argument" => {
            handle(of_one_argument as *const () as usize, 0);
            own_fault();
            foreign_fault();
        }
        "sent, handler with information" => {
            handle(with_information as *const () as usize, libc::SA_SIGINFO);
            own_fault();
            for calls in 1..=3 {
                send();
                while CALLS.load(Ordering::SeqCst) < calls {
                    std::thread::yield_now();
                }
            }
            own_fault();
        }
        "sent, handler of one argument" => {
            handle(of_one_argument as *const () as usize, 0);
            own_fault();
            send_and_wait();
        }
        "broken memory" => {
            handle(with_information as *const () as usize, libc::SA_SIGINFO);
            let (_file, mapping) = two_pages(&MapOptions::new());
            let address = mapping.guarded(.., |bytes| bytes.as_ptr() as usize).unwrap();
            for code in [libc::BUS_MCEERR_AR, libc::BUS_MCEERR_AO] {
                report_broken_memory(code, address);
            }
            assert_eq!((CALLS.load(Ordering::SeqCst), LAST_ADDRESS.load(Ordering::SeqCst)), (2, address));
            assert_eq!(mapping.get(0).unwrap(), b'x');
        }
        "broken memory, default" => {
            handle(SIG_DFL, 0);
            own_fault();
            report_broken_memory(libc::BUS_MCEERR_AO, page_size());
        }
        "foreign fault, default" => {
            handle(SIG_DFL, 0);
            own_fault();
            foreign_fault();
        }
        "sent, default" => {
            handle(SIG_DFL, 0);
            own_fault();
            send_and_wait();
        }
        "foreign fault, ignored" => {
            handle(SIG_IGN, 0);
            own_fault();
            foreign_fault();
        }
        "sent, ignored" => {
            handle(SIG_IGN, 0);
            own_fault();
            send_to_this_thread();
            own_fault();
        }
        "foreign fault, Rust's handler" => {
            own_fault();
            foreign_fault();
        }
        "sent, Rust's handler" => {
            let (file, mapping) = two_pages(&MapOptions::new());
            send_to_this_thread();
            assert!(fault(&file, &mapping).is_truncated());
            own_fault();
        }
        part => panic!("no such part: {part}"),
    }
    std::process::exit(SURVIVED);
}

fn two_pages(options: &MapOptions) -> (File, Mapping) {
    let file = file_of(&vec![b'x'; 2 * page_size()]);
    let mapping = map(&file, options.clone().access(Access::Read)).unwrap();
    (file, mapping)
}

/// Cuts the file between the check of its size and a look at its second page.
fn fault(file: &File, mapping: &Mapping) -> mapgrep::Error {
    let read = mapping.guarded(.., |bytes| {
        file.set_len(1).unwrap();
        bytes[page_size()]
    });
    read.unwrap_err()
}

fn own_fault() {
    let (file, mapping) = two_pages(&MapOptions::new());
    assert!(fault(&file, &mapping).is_truncated());
}

/// A fault in a mapping that this crate knows nothing of. Returns the address, if that.
fn foreign_fault() -> usize {
    let file = file_of(&vec![b'x'; 2 * page_size()]);
    let len = 2 * page_size();
    // SAFETY: a mapping at an address that the kernel picks, which stays until the process ends; the page that is read
    // lies in it.
    unsafe {
        let start = libc::mmap(ptr::null_mut(), len, libc::PROT_READ, libc::MAP_SHARED, file.as_raw_fd(), 0);
        assert_ne!(start, libc::MAP_FAILED);
        file.set_len(1).unwrap();
        let page = start.cast::<u8>().add(page_size());
        assert_eq!(page.read_volatile(), 0);
        page as usize
    }
}

/// A child of fork has the mapping, the handler, and a list of its own of what is watched.
fn fault_in_a_fork() {
    let (file, mapping) = two_pages(&MapOptions::new());
    // SAFETY: the child does nothing but look at the mapping, which takes no lock that another thread might have.
    unsafe {
        let child = libc::fork();
        if child == 0 {
            libc::_exit(if fault(&file, &mapping).is_truncated() { SURVIVED } else { 1 });
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &mut status, 0), child);
        assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == SURVIVED, "{status:#x}");
    }
    // The mark was the child's own. The file is the same.
    assert_eq!(mapping.get(0).unwrap(), b'x');
    assert!(mapping.get(1).unwrap_err().is_truncated());
}

/// How often the handler with information was called.
static CALLS: AtomicUsize = AtomicUsize::new(0);
static LAST_ADDRESS: AtomicUsize = AtomicUsize::new(0);

/// A library that, as ours, puts a page of zeros where one is missing.
extern "C" fn with_information(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel, or who passes its signals on, gives a valid structure; the page belongs to the mapping of
    // `foreign_fault`.
    unsafe {
        if signal != SIGBUS || context.is_null() {
            libc::_exit(1);
        }
        if (*info).si_code == libc::BUS_ADRERR {
            let prot = libc::PROT_READ;
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
            if libc::mmap((*info).si_addr(), page_size(), prot, flags, -1, 0) == libc::MAP_FAILED {
                libc::_exit(1);
            }
        }
        LAST_ADDRESS.store((*info).si_addr() as usize, Ordering::SeqCst);
    }
    CALLS.fetch_add(1, Ordering::SeqCst);
}

extern "C" fn of_one_argument(signal: c_int) {
    // SAFETY: the call is meant for handlers.
    unsafe { libc::_exit(if signal == SIGBUS { HANDLED } else { 1 }) }
}

/// Installs a handler before any mapping does.
fn handle(handler: usize, flags: c_int) {
    // SAFETY: the structure is one of integers and pointers, for which zeros are valid; the handlers call only what
    // they may.
    unsafe {
        let mut action: libc::sigaction = mem::zeroed();
        action.sa_sigaction = handler;
        action.sa_flags = flags;
        assert_eq!(libc::sigaction(SIGBUS, &action, ptr::null_mut()), 0);
    }
}

fn send() {
    // SAFETY: a plain call.
    assert_eq!(unsafe { libc::kill(libc::getpid(), SIGBUS) }, 0);
}

/// Such a signal has come when the call returns.
fn send_to_this_thread() {
    // SAFETY: a plain call.
    assert_eq!(unsafe { libc::raise(SIGBUS) }, 0);
}

/// The signal ends the process, whichever thread it comes to.
fn send_and_wait() -> ! {
    send();
    loop {
        std::thread::park();
    }
}

/// Sends what the kernel does when memory at an address has gone bad.
fn report_broken_memory(code: c_int, address: usize) {
    // SAFETY: zeros are a valid structure; the address stands behind three integers and a gap; a process may send
    // itself whatever it likes.
    unsafe {
        let mut info: libc::siginfo_t = mem::zeroed();
        info.si_signo = SIGBUS;
        info.si_code = code;
        (&raw mut info).cast::<usize>().byte_add(mem::align_of::<usize>().max(4) + 8).write(address);
        let sent = libc::syscall(libc::SYS_rt_tgsigqueueinfo, libc::getpid(), libc::gettid(), SIGBUS, &raw const info);
        assert_eq!(sent, 0, "{}", std::io::Error::last_os_error());
    }
}

/// Processes that are meant to be killed leave nothing behind.
fn leave_no_core() {
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: a plain call with a valid structure.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_CORE, &none) }, 0);
}
