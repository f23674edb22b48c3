//! Commands, and tests, in a process with little of some resource.

use std::{
    io::{Read, Seek},
    os::unix::process::CommandExt,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::commands::Said;

/// What there is little of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    /// Threads of all processes of a user, the first of the process among them.
    Threads(u64),
    /// Descriptors, standard input, output and error among them.
    Descriptors(u64),
    /// Bytes of address space.
    Memory(u64),
}

/// No run takes that long.
const PATIENCE: Duration = Duration::from_secs(120);

/// Has a command run with these limits. Where threads are limited it runs as a user who runs nothing else, since the
/// limit is not one of root's; whoever is not root has more than that running, so that there is no thread at all.
pub(crate) fn limited<'c>(command: &'c mut Command, limits: &[Limit]) -> &'c mut Command {
    let limits = limits.to_vec();
    // The tests of a process may run side by side, and so may processes with tests.
    let user = 100_000 + std::process::id() % 50_000 * 16 + next_number() % 16;
    // SAFETY: only system calls are made between fork and exec.
    #[allow(unsafe_code)]
    unsafe {
        command.pre_exec(move || limits.iter().try_for_each(|&limit| set(limit, user)))
    }
}

fn next_number() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn set(limit: Limit, user: u32) -> std::io::Result<()> {
    let (resource, value) = match limit {
        Limit::Threads(value) => (libc::RLIMIT_NPROC, value),
        Limit::Descriptors(value) => (libc::RLIMIT_NOFILE, value),
        Limit::Memory(value) => (libc::RLIMIT_AS, value),
    };
    let check = |status: i32| if status == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) };
    // SAFETY: system calls that take numbers, and a structure of this function's.
    #[allow(unsafe_code)]
    unsafe {
        check(libc::setrlimit(resource, &libc::rlimit { rlim_cur: value, rlim_max: value }))?;
        if matches!(limit, Limit::Threads(_)) && libc::geteuid() == 0 {
            check(libc::setgroups(0, std::ptr::null()))?;
            check(libc::setgid(user))?;
            check(libc::setuid(user))?;
        }
    }
    Ok(())
}

/// Runs a command to its end, and fails when it comes to none.
pub(crate) fn said_soon(command: &mut Command) -> Said {
    // Files, since nobody reads from pipes meanwhile.
    let (mut output, mut errors) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
    command.stdout(Stdio::from(output.try_clone().unwrap())).stderr(Stdio::from(errors.try_clone().unwrap()));
    let mut child = command.spawn().unwrap();
    let started = Instant::now();
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if started.elapsed() > PATIENCE => {
                child.kill().unwrap();
                panic!("{command:?} does not end");
            }
            None => thread::sleep(Duration::from_millis(2)),
        }
    };
    let text = |file: &mut std::fs::File| {
        let mut bytes = vec![];
        file.rewind().unwrap();
        file.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    (status.code().unwrap_or(-1), text(&mut output), text(&mut errors))
}

/// Runs a test of this binary once more, alone in a process, with these limits. There `is_child` is true.
pub(crate) fn run_alone(test: &str, limits: &[Limit]) {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(CHILD, "1").stdin(Stdio::null());
    let (status, output, errors) = said_soon(limited(&mut child, limits));
    assert!(status == 0 && output.contains("1 passed"), "{test} {limits:?}: {status}\n{output}\n{errors}");
}

const CHILD: &str = "MAPGREP_TEST_ALONE";

pub(crate) fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}
