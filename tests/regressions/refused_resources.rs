//! Where a thread, a descriptor or memory was refused, commands panicked (status 101) or were aborted. Each mode of the
//! commands, with little of each resource, does what it does with much of it, or says why it cannot, with status 2.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::support::{
    commands::{Said, mapgrep, mapgrep_index},
    limits::{Limit, limited, said_soon},
};

/// What is searched: files that any user may read, in a directory where any may write.
struct World {
    dir: tempfile::TempDir,
}

/// A command, and whether the text is at its standard input.
type Mode = (&'static [&'static str], bool);

/// The searches. With `--index=require` one fails that does without the index.
const SEARCHES: &[Mode] = &[
    (&["-c", "needle", "text"], false),
    (&["-n", "needle", "text"], false),
    (&["--index=require", "-n", "rare needle", "indexed"], false),
    (&["-U", "-c", r"needle \d+\nline", "text"], false),
    (&["--last", "2", "needle", "text"], false),
    (&["--no-mmap", "-c", "needle", "text"], false),
    (&["-n", "needle", "-"], true),
    (&["--last", "2", "needle", "-"], true),
    (&["-c", "needle", "tree"], false),
    (&["-n", "rare", "tree", "text", "indexed"], false),
    (&["-c", "-f", "patterns", "text"], false),
    (&["-o", "-i", "n[a-e]+dle [0-9]+", "text"], false),
];

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let world = World { dir };
        fs::set_permissions(world.path("."), fs::Permissions::from_mode(0o777)).unwrap();
        let line = |n: usize| match n {
            n if n % 40_000 == 20_000 => format!("line {n}: a rare needle {n}\n"),
            n if n % 1000 == 0 => format!("line {n}: a needle {n}\n"),
            n => format!("line {n}: of many that nobody looks for\n"),
        };
        let text: String = (0..80_000).map(line).collect();
        assert!(text.len() > 3 << 20);
        world.write("text", &text);
        world.write("indexed", &text);
        world.write("patterns", "needle\nwords? that are not there\n");
        for directory in ["tree", "tree/deep", "tree/deep/deeper"] {
            fs::create_dir(world.path(directory)).unwrap();
            (0..6).for_each(|n| world.write(&format!("{directory}/{n}"), &text[n * 50_000..(n + 3) * 50_000]));
        }
        assert_eq!(said_soon(&mut mapgrep_index(&world.path("."), &["build", "indexed"])).0, 0);
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o666)).unwrap();
    }

    fn search(&self, (args, from_stdin): Mode) -> Command {
        let mut command = mapgrep(&self.path("."), args);
        command.arg("--threads=3");
        if from_stdin {
            command.stdin(Stdio::from(fs::File::open(self.path("text")).unwrap()));
        }
        command
    }

    /// Whether a command even starts: the dynamic linker, and what the standard library does first, need something,
    /// too.
    fn starts(&self, limit: Limit) -> bool {
        [mapgrep(&self.path("."), &["--version"]), mapgrep_index(&self.path("."), &["--version"])]
            .iter_mut()
            .all(|command| said_soon(limited(command, &[limit])).0 == 0)
    }
}

/// What came of a mode with little of a resource: `true` when it did what it was to do.
fn judge(mode: &str, limit: Limit, said: &Said, right: &Said) -> bool {
    let is_right = (said.0, &said.1) == (right.0, &right.1);
    let gave_up = said.0 == 2 && said.2.starts_with("mapgrep");
    assert!(is_right || gave_up, "{mode} with {limit:?}: {said:?}");
    is_right
}

/// Runs all modes under a limit, and returns those that gave up.
fn run_all(world: &World, right: &[Said], limit: Limit) -> Vec<String> {
    let mut gave_up = vec![];
    for (mode, right) in SEARCHES.iter().zip(right) {
        let said = said_soon(limited(&mut world.search(*mode), &[limit]));
        if !judge(&mode.0.join(" "), limit, &said, right) {
            gave_up.push(mode.0.join(" "));
        }
    }
    gave_up.extend(run_index(world, limit));
    gave_up
}

/// The same for an index that is built, brought up to date, and verified. What says that it was made can be relied on.
fn run_index(world: &World, limit: Limit) -> Vec<String> {
    let text = fs::read_to_string(world.path("text")).unwrap();
    let half = text[..text.len() / 2].rfind('\n').unwrap() + 1;
    world.write("built", &text[..half]);
    let mut gave_up = vec![];
    let mut run = |command: &str| {
        let mut command_line = mapgrep_index(&world.path("."), &[command, "--threads=3", "built"]);
        let (status, _, errors) = said_soon(limited(&mut command_line, &[limit]));
        // Each command may be run by another user, and nobody relies on what somebody else has made who does not own
        // the text.
        let owner = fs::metadata(world.path("built")).unwrap().uid();
        let _ = chown(world.path("built.mgx"), Some(owner), None);
        let is_refused = status == 2 && errors.starts_with("mapgrep");
        assert!(status == 0 || is_refused, "{command} with {limit:?}: {status} {errors}");
        if status != 0 {
            gave_up.push(command.to_owned());
        }
        status == 0
    };
    let check = |must_cover: bool| {
        let found = said_soon(&mut mapgrep(&world.path("."), &["--index=require", "-c", "rare needle", "built"]));
        assert!(!must_cover || found.0 == 0, "with {limit:?}: {found:?}");
    };
    let is_built = run("build");
    check(is_built);
    fs::write(world.path("built"), &text).unwrap();
    if is_built {
        let is_updated = run("update");
        check(is_updated);
        run("verify");
    }
    for name in ["built", "built.mgx", "built.mgx.lock", "built.mgx.new"] {
        let _ = fs::remove_file(world.path(name));
    }
    gave_up
}

/// Runs all modes with much of everything.
fn run_unlimited(world: &World) -> Vec<Said> {
    let right: Vec<Said> = SEARCHES.iter().map(|&mode| said_soon(&mut world.search(mode))).collect();
    for (mode, said) in SEARCHES.iter().zip(&right) {
        assert!(said.0 == 0 && said.2.is_empty(), "{mode:?}: {said:?}");
    }
    right
}

#[test]
fn one_thread_is_enough_for_everything() {
    let world = World::new();
    let right = run_unlimited(&world);
    for threads in 1..=5 {
        let gave_up = run_all(&world, &right, Limit::Threads(threads));
        assert!(gave_up.is_empty(), "{threads} threads: {gave_up:?}");
    }
}

#[test]
fn few_descriptors_are_enough_or_it_is_told() {
    let world = World::new();
    let right = run_unlimited(&world);
    for descriptors in 3..=16 {
        let limit = Limit::Descriptors(descriptors);
        if !world.starts(limit) {
            assert!(descriptors < 5, "{descriptors} descriptors");
            continue;
        }
        let gave_up = run_all(&world, &right, limit);
        let searches: Vec<_> = gave_up.iter().filter(|mode| mode.contains(' ')).collect();
        assert!(descriptors < LEAST_DESCRIPTORS || searches.is_empty(), "{descriptors} descriptors: {gave_up:?}");
        assert!(descriptors < 16 || gave_up.is_empty(), "{descriptors} descriptors: {gave_up:?}");
    }
}

/// Standard input, output and error, and three more: enough to search a file with its index.
const LEAST_DESCRIPTORS: u64 = 6;

#[test]
fn little_memory_is_enough_or_it_is_told() {
    let world = World::new();
    let right = run_unlimited(&world);
    let mut any_started = false;
    for mebibytes in [12, 15, 17, 19, 21, 23, 26, 32, 44, 64, 80, 128, 256] {
        let limit = Limit::Memory(mebibytes << 20);
        if !world.starts(limit) {
            assert!(!any_started, "{mebibytes} MiB");
            continue;
        }
        any_started = true;
        let gave_up = run_all(&world, &right, limit);
        assert!(mebibytes < 256 || gave_up.is_empty(), "{mebibytes} MiB: {gave_up:?}");
    }
    assert!(any_started);
}

/// An endless line was read until the process was aborted.
#[test]
fn an_endless_line_ends_before_memory_does() {
    let dir = tempfile::tempdir().unwrap();
    let limit = Limit::Memory(400 << 20);
    let run = |args: &[&str]| said_soon(limited(&mut mapgrep(dir.path(), args), &[limit]));
    let (status, output, errors) = run(&["-a", "-c", "foo", "/dev/zero"]);
    assert_eq!((status, output.as_str()), (2, ""));
    let message = "mapgrep: /dev/zero: a line of more than ";
    assert!(errors.starts_with(message) && errors.contains("-a") && errors.lines().count() == 1, "{errors}");
    let (status, output, errors) = run(&["-a", "--last", "1", "foo", "/dev/zero"]);
    assert_eq!((status, output.as_str()), (2, ""));
    let message = "mapgrep: /dev/zero: a stream of more than ";
    assert!(errors.starts_with(message) && errors.lines().count() == 1, "{errors}");
}

/// A stream needed 2.5 times the memory of its longest line, 3.5 times in address space. It needs little more than the
/// line.
#[test]
fn a_long_line_of_a_stream_takes_its_length() {
    let dir = tempfile::tempdir().unwrap();
    write_long_line(&dir.path().join("long"), 128);
    let run = |args: &[&str], from_stdin: bool, mebibytes: u64| {
        let mut command = mapgrep(dir.path(), args);
        if from_stdin {
            command.stdin(Stdio::from(fs::File::open(dir.path().join("long")).unwrap()));
        }
        said_soon(limited(&mut command, &[Limit::Memory(mebibytes << 20)]))
    };
    for (args, from_stdin) in [
        (&["--no-mmap", "-c", "needle", "long"][..], false),
        (&["-c", "needle"], true),
        (&["--no-mmap", "-o", "needle", "long"], false),
    ] {
        let said = run(args, from_stdin, 128 * 22 / 10);
        assert_eq!((said.0, said.2.as_str()), (0, ""), "{args:?}: {said:?}");
    }
    // What has to be seen from its end is copied, piece by piece.
    let said = run(&["--last", "1", "-o", "needle"], true, 128 * 24 / 10);
    assert_eq!(said, (0, "needle\n".to_owned(), String::new()));
}

fn write_long_line(path: &Path, mebibytes: usize) {
    use std::io::Write;

    let mut file = fs::File::create(path).unwrap();
    let piece = b"some text of one line, ".repeat((1 << 20) / 23);
    (0..=mebibytes).take_while(|n| n * piece.len() < mebibytes << 20).for_each(|_| file.write_all(&piece).unwrap());
    file.write_all(b"needle\nanother line\n").unwrap();
}

/// Where the thread was refused that waits for signals, Ctrl-C did nothing.
#[test]
fn ctrl_c_ends_a_search_without_a_thread() {
    use std::os::unix::process::ExitStatusExt;

    let dir = tempfile::tempdir().unwrap();
    let (reader, mut writer) = std::io::pipe().unwrap();
    let (mut lines, output) = std::io::pipe().unwrap();
    let mut command = mapgrep(dir.path(), &["needle"]);
    // Whoever runs the tests may ignore the signal.
    #[allow(unsafe_code)]
    // SAFETY: the system call may be made between fork and exec.
    unsafe {
        std::os::unix::process::CommandExt::pre_exec(&mut command, || {
            libc::signal(libc::SIGINT, libc::SIG_DFL);
            Ok(())
        });
    }
    let mut child = limited(command.stdin(reader).stdout(output), &[Limit::Threads(1)]).spawn().unwrap();
    drop(command);
    std::io::Write::write_all(&mut writer, b"a needle\n").unwrap();
    // It is at work when the line comes.
    let mut line = [0; 9];
    std::io::Read::read_exact(&mut lines, &mut line).unwrap();
    #[allow(unsafe_code)]
    // SAFETY: the child was not waited for, so that the number is its own.
    unsafe {
        libc::kill(child.id() as i32, libc::SIGINT);
    }
    assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGINT));
}
