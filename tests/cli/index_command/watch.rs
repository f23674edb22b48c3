//! `mapgrep-index update --watch`, which is ended by signals.

use std::{
    fs,
    io::Read,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{INDEX, LINES, Said, append, build, command, files, index, log, nothing};

/// A child that is killed when a test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn soon(what: &str, mut happened: impl FnMut() -> bool) {
    let started = Instant::now();
    while !happened() {
        assert!(started.elapsed() < Duration::from_secs(60), "{what} takes too long");
        thread::sleep(Duration::from_millis(100));
    }
}

fn watch(dir: &TempDir, paths: &[&str]) -> Running {
    use std::os::unix::process::CommandExt;

    let mut command = command(INDEX, dir.path(), &[&["update", "--watch"], paths].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    #[allow(unsafe_code)]
    // SAFETY: `signal` may be called between fork and exec.
    unsafe {
        command.pre_exec(|| {
            // As in a terminal, whatever the one who runs the tests has ignored.
            for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
                libc::signal(signal, libc::SIG_DFL);
            }
            Ok(())
        })
    };
    Running(command.spawn().unwrap())
}

fn interrupt(mut watch: Running) -> Said {
    #[allow(unsafe_code)]
    // SAFETY: the child was not waited for yet, so that the number is still its own.
    let sent = unsafe { libc::kill(watch.0.id() as i32, libc::SIGINT) };
    assert_eq!(sent, 0);
    let mut status = None;
    soon("the end", || {
        status = watch.0.try_wait().unwrap();
        status.is_some()
    });
    let (mut out, mut errors) = (String::new(), String::new());
    watch.0.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    watch.0.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    (status.unwrap().code().unwrap_or(-1), out, errors)
}

/// How many lines an index has.
fn covered(dir: &TempDir) -> usize {
    let (_, out, _) = index(dir, &["stat", "big"]);
    let lines = out.lines().find_map(|line| line.trim().strip_prefix("covers")?.split(" bytes, ").nth(1));
    lines.and_then(|lines| lines.split(' ').next()?.parse().ok()).unwrap_or(0)
}

#[test]
fn a_growing_file_is_watched() {
    let dir = files();
    let watch = watch(&dir, &["big"]);
    soon("the first index", || covered(&dir) > LINES / 2);
    for grown in 2..4 {
        append(&dir, "big", &log(LINES));
        soon("an update", || covered(&dir) > (grown - 1) * LINES);
    }
    // One that is replaced is indexed anew.
    fs::write(dir.path().join("new"), log(2 * LINES)).unwrap();
    fs::rename(dir.path().join("new"), dir.path().join("big")).unwrap();
    soon("a new index", || covered(&dir) < 2 * LINES && index(&dir, &["stat", "big"]).1.contains("up to date"));
    let (status, out, errors) = interrupt(watch);
    assert_eq!((status, errors.as_str()), (0, ""));
    assert!(out.lines().count() >= 4 && out.lines().all(|line| line.starts_with("big: indexed in ")), "{out}");
}

/// It was told of every second.
#[test]
fn what_is_wrong_with_a_watched_file_is_told_once() {
    let dir = files();
    let watch = watch(&dir, &["big"]);
    soon("the first index", || covered(&dir) > LINES / 2);
    fs::remove_file(dir.path().join("big")).unwrap();
    thread::sleep(Duration::from_millis(3500));
    let (status, _, errors) = interrupt(watch);
    assert_eq!((status, errors.as_str()), (2, "mapgrep-index: big: No such file or directory (os error 2)\n"));
}

/// Files were listed once.
#[test]
fn files_that_come_into_a_directory_are_watched() {
    let dir = files();
    let logs = dir.path().join("logs");
    fs::create_dir(&logs).unwrap();
    let watch = watch(&dir, &["-r", "logs", "missing"]);
    for _ in 0..2 {
        fs::write(logs.join("new"), log(LINES)).unwrap();
        soon("its index", || logs.join("new.mgx").exists());
        // As logs are rotated.
        fs::rename(logs.join("new"), logs.join("old")).unwrap();
        soon("the index of the old one", || index(&dir, &["stat", "logs/old"]).1.contains("up to date"));
        // It went along.
        assert!(!logs.join("new.mgx").exists());
        thread::sleep(Duration::from_millis(1500));
        fs::remove_file(logs.join("old")).unwrap();
    }
    let (status, out, errors) = interrupt(watch);
    // One that is removed between the list and the work is told of.
    let errors: Vec<&str> = errors.lines().filter(|line| !line.starts_with("mapgrep-index: logs/")).collect();
    assert_eq!((status, &errors[..]), (2, &["mapgrep-index: missing: No such file or directory (os error 2)"][..]));
    assert!(out.lines().all(|line| line.starts_with("logs/") && line.contains(": indexed in ")), "{out}");
}

/// It was told of and left as it was.
#[test]
fn a_damaged_index_of_a_watched_file_is_made_anew() {
    let dir = files();
    let sidecar = dir.path().join("big.mgx");
    build(&dir, &["big"]);
    fs::write(&sidecar, "").unwrap();
    let watch = watch(&dir, &["big"]);
    soon("an index", || covered(&dir) > LINES / 2);
    // Its rows, of which nothing is seen before something is added to it.
    let mut bytes = fs::read(&sidecar).unwrap();
    let len = bytes.len();
    bytes[8192 + 1544..len - 200].fill(0x55);
    fs::write(dir.path().join("damaged"), bytes).unwrap();
    fs::rename(dir.path().join("damaged"), &sidecar).unwrap();
    append(&dir, "big", &log(LINES));
    soon("another index", || covered(&dir) > LINES);
    let (status, out, errors) = interrupt(watch);
    assert_eq!((status, errors.lines().count()), (0, 2), "{errors}");
    let told = "mapgrep-index: big: indexed anew: big.mgx: the index is damaged: ";
    assert!(errors.lines().all(|line| line.starts_with(told)), "{errors}");
    assert_eq!(out.lines().count(), 2, "{out}");
    assert_eq!(index(&dir, &["verify", "-q", "big"]), nothing(0));
}
